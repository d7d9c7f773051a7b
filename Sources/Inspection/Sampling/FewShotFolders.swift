import FoundationEssentials
import OrderedJSON

/// Splits a data set in MMAD's layout into the few pictures to learn from and the rest to be measured on.
///
/// `train/` and `evaluation/` each get an index of their own, as published record by record, and links to the
/// pictures: nothing is copied. `few-shot.json` records what was chosen and how, so that a result can name its data.
public struct FewShotFolders: Sendable {
  public let selection: FewShotSelection

  /// - Parameters:
  ///   - source: the folder with `mmad.json`.
  ///   - output: made if new; must not hold a split already.
  /// - Throws: ``DatasetError`` for a source that is none, or a folder that cannot be written.
  @discardableResult
  public init(
    source: String, output: String, count: Int = 600, perClass: ClosedRange<Int> = 2...5, seed: UInt64
  ) throws(DatasetError) {
    let files = FileManager.default
    let source = URL(filePath: source).standardizedFileURL.path
    // Reading it whole checks every record before anything is written.
    let dataset = try MMADDataset(root: source, requiringImages: false)
    selection = FewShotSelection(
      of: dataset.samples.map(\.name), count: count, perClass: perClass, seed: seed)
    guard !files.fileExists(atPath: output + "/few-shot.json") else {
      throw DatasetError(message: "\(output) holds a split already; choose another folder")
    }
    do {
      let index = try JSON(parsing: [UInt8](try Data(contentsOf: URL(filePath: source + "/mmad.json"))))
      for (part, names) in [("train", selection.training), ("evaluation", selection.remaining)] {
        let folder = "\(output)/\(part)"
        try files.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let wanted = Set(names)
        let records = (index.members ?? []).filter { wanted.contains($0.key) }
        try Self.write(.object(records), to: folder + "/mmad.json")
        for name in try files.contentsOfDirectory(atPath: source) where name != "mmad.json" {
          try? files.removeItem(atPath: "\(folder)/\(name)")
          try files.createSymbolicLink(atPath: "\(folder)/\(name)", withDestinationPath: "\(source)/\(name)")
        }
      }
      try Self.write(record(source: source, count: count, perClass, seed), to: output + "/few-shot.json")
    } catch {
      throw DatasetError(message: "\(output): the split cannot be written: \(error)")
    }
  }

  private func record(source: String, count: Int, _ perClass: ClosedRange<Int>, _ seed: UInt64) -> JSON {
    [
      "source": .string(source), "seed": .string(String(seed)), "asked_for": .integer(count),
      "per_class": [.integer(perClass.lowerBound), .integer(perClass.upperBound)],
      "training": .integer(selection.training.count), "evaluation": .integer(selection.remaining.count),
      "classes": .object(
        selection.classes.map { entry in
          JSON.Member(entry.name, ["chosen": .integer(entry.chosen), "of": .integer(entry.of)])
        }),
      "images": .array(selection.training.map(JSON.string)),
    ]
  }

  private static func write(_ json: JSON, to path: String) throws {
    try Data(json.serializedBytes(pretty: true)).write(to: URL(filePath: path), options: .atomic)
  }
}
