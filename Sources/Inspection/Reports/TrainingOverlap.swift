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
  ///   - trainedOn: `few-shot.json` as the sampler left it, or the folder or index of a data set in MMAD's layout. Of a
  ///     folder, pictures that only share a name are told apart by their bytes.
  /// - Throws: ``DatasetError`` for a record that is none.
  public init(
    evaluated: [String], paths: [String: String] = [:], trainedOn path: String
  ) throws(DatasetError) {
    let trained = try Self.names(path)
    let known = Dictionary(trained.map { (Self.identity($0), $0) }, uniquingKeysWith: { first, _ in first })
    let folder = DatasetFolder.isFolder(path) ? path : nil
    var seen: Set<String> = []
    let pictures = evaluated.filter { seen.insert($0).inserted }
    source = path
    self.trained = known.count
    self.evaluated = pictures.count
    shared = pictures.filter { picture in
      guard let name = known[Self.identity(picture)] else { return false }
      guard let folder, let own = paths[picture] else { return true }
      return Self.areSame(own, DatasetFolder.joined(folder, name))
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
    return DatasetFolder(path: path).has("") ? path : nil
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

  private static func names(_ path: String) throws(DatasetError) -> [String] {
    let file = DatasetFolder.isFolder(path) ? DatasetFolder.joined(path, "mmad.json") : path
    guard let data = FileManager.default.contents(atPath: file) else {
      throw DatasetError(
        message:
          "\(file): no such file; the record of a training set is few-shot.json or a folder with mmad.json")
    }
    let document: JSON
    do {
      document = try JSON(parsing: [UInt8](data))
    } catch {
      throw DatasetError(message: "\(file): \(error.description)")
    }
    if let images = document["images"]?.array { return images.compactMap(\.string) }
    guard let members = document.members else {
      throw DatasetError(message: "\(file): it is \(document.kind), neither few-shot.json nor an index")
    }
    return members.map(\.key)
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
