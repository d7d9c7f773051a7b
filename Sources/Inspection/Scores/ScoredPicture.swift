import FoundationEssentials
import Images
import OrderedJSON

/// What a run said of one picture.
public struct ScoredPicture: Sendable, Equatable {
  /// As the run names it: relative to the folder that was scored.
  public let name: String
  /// Where it lies, when its row says so, or the run which folder it scored.
  public let path: String?
  /// Probability of a defect from the logits; `nil` where the reply gave none.
  public let probability: Double?
  public let width, height: Int?
  /// Places of defects in original pixels.
  public let boxes: [PixelBox]
  /// The mask that the run drew into its boxes, where it did.
  public let maskPath: String?
  /// What an answers file says itself: whether the picture is defective.
  public let knownDefective: Bool?

  /// A map of scores: the probability inside the mask, or inside the boxes where the run drew none, and 0 outside.
  /// - Throws: `ImageError` for a mask that cannot be read or has another size.
  public func map(width: Int, height: Int) throws -> [Double] {
    let value = probability ?? 1
    if let maskPath {
      let mask = try DefectMask(paths: [maskPath])
      guard (mask.width, mask.height) == (width, height) else {
        throw ImageError(
          name: maskPath, reason: "is \(mask.width) x \(mask.height), the picture is \(width) x \(height)")
      }
      return mask.isDefective.map { $0 ? value : 0 }
    }
    var map = [Double](repeating: 0, count: width * height)
    for box in boxes {
      guard let inside = box.normalized(width: width, height: height) else { continue }
      // A pixel belongs to a box when its centre does.
      let columns = Int((inside.x1 - 0.5).rounded(.up))..<Int((inside.x2 - 0.5).rounded(.up))
      for y in Int((inside.y1 - 0.5).rounded(.up))..<Int((inside.y2 - 0.5).rounded(.up)) {
        for x in columns { map[y * width + x] = value }
      }
    }
    return map
  }

  /// Reads a run's results: `results.jsonl` of a scoring, `answers.json` of an evaluation (its Anomaly Detection
  /// questions), or a folder with one of them.
  /// - Throws: ``DatasetError`` naming the file and the line.
  public static func read(_ path: String) throws(DatasetError) -> [ScoredPicture] {
    let folder = DatasetFolder(path: path)
    for name in ["results.jsonl", "answers.json"] where try folder.has(name) {
      return try read(DatasetFolder.joined(path, name))
    }
    guard try !DatasetFolder.isFolder(path) else {
      throw DatasetError(message: "\(path) holds neither results.jsonl nor answers.json")
    }
    if path.hasSuffix(".jsonl") { return try rows(path) }
    let records: [AnswerRecord]
    do {
      records = try AnswersFile.read(path: path)
    } catch {
      throw DatasetError(message: error.message)
    }
    return records.filter { QuestionType(published: $0.questionType) == .anomalyDetection }.map {
      ScoredPicture(
        name: $0.image, path: nil, probability: $0.defectProbability, width: nil, height: nil, boxes: [],
        maskPath: nil, knownDefective: !$0.isNormal)
    }
  }

  private static func rows(_ path: String) throws(DatasetError) -> [ScoredPicture] {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw DatasetError(message: "\(path): no such file, or it cannot be read")
    }
    let source = source(of: path)
    let folder = DatasetFolder(path: DatasetFolder.parent(of: path))
    var result: [ScoredPicture] = []
    var number = 0
    for line in data.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
      number += 1
      guard !line.isEmpty else { continue }
      guard let json = try? JSON(parsing: [UInt8](line)), json["path"]?.string != nil else {
        throw DatasetError(message: "\(path), line \(number): no result with a \"path\"")
      }
      let row: ScoreRow
      do {
        row = try ScoreRow(json)
      } catch {
        throw DatasetError(message: "\(path), line \(number): \(error)")
      }
      let mask = ScoreReport.mask(of: row.path)
      // Without boxes it is left of an earlier run into the folder.
      let hasMask = row.boxes.isEmpty ? false : try folder.has(mask)
      result.append(
        ScoredPicture(
          name: row.path, path: row.file ?? source.map { DatasetFolder.joined($0, row.path) },
          probability: row.probability, width: row.width, height: row.height, boxes: row.boxes.map(\.box),
          maskPath: hasMask ? folder[mask].path : nil,
          knownDefective: nil))
    }
    return result
  }

  /// The scored folder, which `run.json` beside the results names.
  private static func source(of path: String) -> String? {
    let file = DatasetFolder.joined(DatasetFolder.parent(of: path), "run.json")
    return FileManager.default.contents(atPath: file)
      .flatMap { try? JSON(parsing: [UInt8]($0)) }?["source"]?.string
  }
}
