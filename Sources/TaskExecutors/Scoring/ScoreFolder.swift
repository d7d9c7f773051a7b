internal import Checkpoints
internal import FoundationEssentials
internal import Images
public import Inspection
internal import OrderedJSON

/// A folder of results as a scoring job leaves it, for what is done with it later.
public struct ScoreFolder: Sendable {
  /// Where the pictures of a report are kept, so that it can be written again without the images.
  private static let thumbnailFile = "thumbnails.jsonl"

  public let path: String

  public init(path: String) { self.path = path }

  /// Folders that a scoring writes pictures to, which are no photographs to score.
  public var written: [String] { [path, path + "/overlays", path + "/masks", path + "/cache"] }

  /// The files of a report, `run.json` last.
  func contents(of report: ScoreReport) throws -> [(name: String, bytes: [UInt8])] {
    let thumbnails = report.thumbnails.sorted { $0.key < $1.key }.map {
      JSON.object([.init("path", .string($0.key)), .init("jpeg", .string($0.value))]).serialized() + "\n"
    }.joined()
    // Boxes that were filled say nothing that the boxes do not.
    let hasMasks = report.origin.contains { $0.key == "segmenter" && $0.value.string != nil }
    let files = report.files { hasMasks ? mask(of: $0) : nil }
    return [(Self.thumbnailFile, Array(thumbnails.utf8))] + files.map { ($0.name, Array($0.text.utf8)) }
  }

  /// The mask a scoring has left, which has to fit its image.
  private func mask(of row: ScoreRow) -> GreyImage? {
    guard !row.boxes.isEmpty,
      let image = try? ImageFile.decode(path: path + "/" + ScoreReport.mask(of: row.path)),
      image.width == row.width, image.height == row.height
    else { return nil }
    let pixels = stride(from: 0, to: image.pixels.count, by: 3).map { image.pixels[$0] }
    return GreyImage(width: image.width, height: image.height, pixels: pixels)
  }

  /// Reads rows, origin, pictures and which overlays there are.
  public func read() throws -> ScoreReport {
    let rows = try lines("results.jsonl").map { try ScoreRow($0) }
    guard let data = FileManager.default.contents(atPath: path + "/run.json"),
      let run = try? JSON(parsing: data), let members = run.members
    else { throw ScoreError("\(path) holds no run.json; is it the output folder of a finished 'ar1 score'?") }
    let counted = Set(ScoreSummary([]).members.map(\.key) + ["classes"])
    let thumbnails = try lines(Self.thumbnailFile).compactMap { line in
      line["path"]?.string.flatMap { path in line["jpeg"]?.string.map { (path, $0) } }
    }
    return ScoreReport(
      rows: rows, origin: members.filter { !counted.contains($0.key) },
      thumbnails: Dictionary(thumbnails, uniquingKeysWith: { first, _ in first }),
      overlays: Set(
        // An overlay may be left of an earlier run that found something where this one did not.
        rows.filter { !$0.boxes.isEmpty }.map(\.path).filter {
          FileManager.default.fileExists(atPath: path + "/" + ScoreReport.overlay(of: $0))
        }))
  }

  /// Writes a report in place of the one that is there, file by file.
  public func write(_ report: ScoreReport) throws {
    try DurableFiles.makeFolder(path)
    for file in try contents(of: report) {
      try DurableFiles.replace(path + "/" + file.name, with: file.bytes)
    }
  }

  private func lines(_ name: String) throws -> [JSON] {
    guard let data = FileManager.default.contents(atPath: path + "/" + name) else {
      throw ScoreError("\(path)/\(name) cannot be read; is it the output folder of a finished 'ar1 score'?")
    }
    return try [UInt8](data).split(separator: UInt8(ascii: "\n")).enumerated().map { number, line in
      do {
        return try JSON(parsing: Array(line))
      } catch {
        throw ScoreError("\(path)/\(name), line \(number + 1): \(error)")
      }
    }
  }
}
