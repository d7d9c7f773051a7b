/// A file of training rows in JSON lines or a JSON list; see ``InstructionFile``.
public struct InstructionRows: DatasetLayout {
  public var name: String { "rows" }
  public var form: String { "a .jsonl or .json file of rows with image, problem and solution" }
  public var published: PublishedSize? { nil }

  public init() {}

  public func recognises(_ path: String) throws(DatasetError) -> Bool {
    guard path.hasSuffix(".jsonl") || path.hasSuffix(".json") else { return false }
    return try !DatasetFolder.isFolder(path)
  }

  public func read(_ path: String) throws(DatasetError) -> Dataset {
    let examples = try InstructionFile.read(path: path, requiringImages: false)
    return Dataset(
      layout: name, title: DatasetFolder.lastName(of: path), root: path, examples: examples,
      shortcomings: InstructionFile.missingImages(of: examples).map { .init(kind: .image, name: $0) })
  }
}
