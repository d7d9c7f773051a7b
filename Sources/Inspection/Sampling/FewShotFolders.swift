import FoundationEssentials
import OrderedJSON

/// Splits a data set into the few pictures to learn from and the rest to be measured on.
///
/// `train/` and `evaluation/` become data sets in MMAD's layout: of one that is in it already with its records as
/// published, of one with labelled test pictures with the question whether there is a defect. Pictures are links to
/// the source's. `few-shot.json` records what was chosen and how, so that a result can name its data.
public struct FewShotFolders: Sendable {
  public let selection: FewShotSelection

  /// - Parameters:
  ///   - source: a data set in MMAD's layout, or one whose test pictures are known to be good or defective.
  ///   - output: made if new; must not hold a split already.
  /// - Throws: ``DatasetError`` for a source that is none, or a folder that cannot be written.
  @discardableResult
  public init(
    source: String, output: String, count: Int = 600, perClass: ClosedRange<Int> = 2...5, seed: UInt64
  ) throws(DatasetError) {
    let files = FileManager.default
    let source = URL(filePath: source).standardizedFileURL.path
    let dataset = try FewShotSource(source, seed: seed)
    selection = FewShotSelection(of: dataset.names, count: count, perClass: perClass, seed: seed)
    guard !files.fileExists(atPath: output + "/few-shot.json") else {
      throw DatasetError(message: "\(output) holds a split already; choose another folder")
    }
    do {
      try dataset.write(Set(selection.training), to: output + "/train")
      try dataset.write(Set(selection.remaining), to: output + "/evaluation")
      try Self.write(
        record(source: source, layout: dataset.layout, count: count, perClass, seed),
        to: output + "/few-shot.json")
    } catch {
      throw DatasetError(message: "\(output): the split cannot be written: \(error)")
    }
  }

  private func record(
    source: String, layout: String, count: Int, _ perClass: ClosedRange<Int>, _ seed: UInt64
  ) -> JSON {
    [
      "source": .string(source), "layout": .string(layout), "seed": .string(String(seed)),
      "asked_for": .integer(count),
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
