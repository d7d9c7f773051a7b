import FoundationEssentials
public import OrderedJSON

/// How many of the pictures an evaluation asks about the model was trained on.
public struct TrainingOverlap: Sendable, Equatable {
  /// The file that says what was trained on.
  public let source: String
  public let trained: Int
  public let evaluated: Int
  /// Pictures in both, by the evaluation's names.
  public let shared: [String]

  /// - Parameters:
  ///   - evaluated: names of the evaluation's pictures; each counts once.
  ///   - paths: where they lie, by name, as far as known.
  ///   - trainedOn: what ``TrainingRecord/init(path:)`` reads. Where the record says where its pictures lie, those that
  ///     only share a name are told apart by their bytes.
  ///   - mayRead: whether a picture of the record may be looked at.
  /// - Throws: ``DatasetError`` for a record that is none.
  public init(
    evaluated: [String], paths: [String: String] = [:], trainedOn path: String,
    mayRead: (String) -> Bool = { _ in true }
  ) throws(DatasetError) {
    // Where a picture of this name was trained on; nil where that is not known.
    var known: [String: [String?]] = [:]
    for part in try TrainingRecord(path: path).parts {
      for name in part.images {
        known[Self.identity(name), default: []].append(part.source.map { DatasetFolder.joined($0, name) })
      }
    }
    var seen: Set<String> = []
    let pictures = evaluated.filter { seen.insert($0).inserted }
    source = path
    trained = known.count
    self.evaluated = pictures.count
    shared = pictures.filter { picture in
      guard let places = known[Self.identity(picture)] else { return false }
      return places.contains { place in
        guard let place, let own = paths[picture], mayRead(place) else { return true }
        return Self.areSame(own, place)
      }
    }
  }

  /// Whether two files hold the same bytes; a file that is not there cannot be told from its namesake.
  private static func areSame(_ first: String, _ second: String) -> Bool {
    guard let one = FileManager.default.contents(atPath: first),
      let other = FileManager.default.contents(atPath: second)
    else { return true }
    return one == other
  }

  /// The record that belongs to the evaluation part of a few-shot split, if this is one.
  public static func record(besides data: String) -> String? {
    let path = DatasetFolder.joined(DatasetFolder.parent(of: data), "few-shot.json")
    return FileManager.default.fileExists(atPath: path) ? path : nil
  }

  /// What identifies a picture whatever data set it is read from: MMAD's `DS-MVTec` holds MVTec-AD's test pictures.
  static func identity(_ name: String) -> String {
    var parts = name.split(separator: "/").map(String.init)
    if parts.count > 3, parts[0] == "DS-MVTec", parts[2] == "image" {
      parts[0] = "MVTec-AD"
      parts[2] = "test"
    }
    return parts.joined(separator: "/")
  }

  /// One sentence for every report.
  public var sentence: String {
    shared.isEmpty
      ? "none of the \(evaluated) pictures is among the \(trained) trained on (\(source))"
      : "\(shared.count) of the \(evaluated) pictures are among the \(trained) trained on (\(source)): these numbers "
        + "are too good"
  }

  public var json: JSON {
    [
      "source": .string(source), "trained": .integer(trained), "evaluated": .integer(evaluated),
      "shared": .array(shared.map(JSON.string)),
    ]
  }
}
