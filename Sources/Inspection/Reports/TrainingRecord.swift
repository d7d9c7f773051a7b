import FoundationEssentials
public import OrderedJSON

/// Which pictures a model was trained on: `trained-on.json` beside its weights, as a training leaves it.
///
/// A model that was trained before keeps what it had been trained on, so that an evaluation of any later one knows all.
public struct TrainingRecord: Sendable, Equatable {
  /// One training's pictures.
  public struct Part: Sendable, Equatable {
    /// The folder that the names are relative to; `nil` where it is not known.
    public let source: String?
    /// Names of pictures in the data set, each once.
    public let images: [String]

    public init(source: String?, images: [String]) {
      self.source = source
      self.images = images
    }
  }

  /// The name of the file in a model's folder.
  public static let file = "trained-on.json"

  public private(set) var parts: [Part]

  public init(_ parts: [Part]) { self.parts = parts }

  /// The record of a model's folder, if it has one.
  public static func path(inModel folder: String) -> String? {
    let place = DatasetFolder.joined(folder, file)
    return FileManager.default.fileExists(atPath: place) ? place : nil
  }

  /// Puts a record into another model's folder, in the place of one that is there.
  /// - Throws: what the file system reports.
  public static func copy(_ record: String?, to folder: String) throws {
    guard let record else { return }
    try Data(contentsOf: URL(filePath: record)).write(
      to: URL(filePath: DatasetFolder.joined(folder, file)), options: .atomic)
  }

  /// The same with what a model had been trained on before.
  public func following(_ earlier: TrainingRecord?) -> TrainingRecord {
    TrainingRecord((earlier?.parts ?? []).filter { !parts.contains($0) } + parts)
  }

  /// Reads `trained-on.json`, `few-shot.json` as the sampler of the few pictures leaves it, the index of a data set in
  /// MMAD's layout, or a folder with one of them.
  /// - Throws: ``DatasetError`` for what is none.
  public init(path: String) throws(DatasetError) {
    var file = path
    if try DatasetFolder.isFolder(path) {
      let folder = DatasetFolder(path: path)
      var name: String?
      for known in [Self.file, "mmad.json", "few-shot.json"] where name == nil {
        if try folder.has(known) { name = known }
      }
      guard let name else {
        throw DatasetError(
          message:
            "\(path) holds no record of a training: neither \(Self.file), as trained models have it, nor "
            + "few-shot.json, nor mmad.json")
      }
      file = DatasetFolder.joined(path, name)
    }
    guard let data = FileManager.default.contents(atPath: file) else {
      throw DatasetError(
        message:
          "\(file): no such file; the record of a training is \(Self.file) of a trained model, few-shot.json or a "
          + "folder with mmad.json")
    }
    let document: JSON
    do {
      document = try JSON(parsing: [UInt8](data))
    } catch {
      throw DatasetError(message: "\(file): \(error.description)")
    }
    if let trainings = document["trainings"]?.array {
      parts = trainings.map { Self.part($0, source: $0["source"]?.string) }
    } else if document["images"]?.array != nil {
      // What was split need not lie there any more, or as a copy; the names are those of the data set it came from.
      parts = [Self.part(document, source: nil)]
    } else if let members = document.members {
      parts = [Part(source: DatasetFolder.parent(of: file), images: members.map(\.key))]
    } else {
      throw DatasetError(
        message: "\(file): it is \(document.kind), neither a record of a training nor an index")
    }
  }

  private static func part(_ json: JSON, source: String?) -> Part {
    Part(source: source, images: (json["images"]?.array ?? []).compactMap(\.string))
  }

  public var json: JSON {
    [
      "trainings": .array(
        parts.map { part in
          [
            "source": part.source.map(JSON.string) ?? .null,
            "images": .array(part.images.map(JSON.string)),
          ]
        })
    ]
  }
}
