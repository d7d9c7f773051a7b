/// RefCOCO, RefCOCO+ and RefCOCOg in their processed form: `{refcoco,refcocop,refcocog}_<split>.json` or `.jsonl` with
/// rows of a picture of COCO, an expression and the box it means.
///
/// The original `refs(….p)` is a Python pickle, a program rather than a file of data: it is not opened here.
/// `docs/convert-refcoco.py` makes the processed form of it.
public struct RefCOCO: DatasetLayout {
  public var name: String { "refcoco" }
  public var form: String { "{refcoco,refcocop,refcocog}_{train,val,…}.json or .jsonl" }
  public var published: PublishedSize? { nil }

  public static let question =
    "Please provide the bounding box coordinate of the region this sentence describes: "

  public init() {}

  public func recognises(_ path: String) throws(DatasetError) -> Bool {
    guard try Self.files(path).isEmpty else { return true }
    return try !Self.pickles(path).isEmpty
  }

  public func read(_ path: String) throws(DatasetError) -> Dataset {
    try read(path, images: nil)
  }

  /// - Parameter images: the folder that holds COCO's pictures under the names the rows use; `nil` looks at the data
  ///   set's folder, at what is above it, and at `images` and `coco` in it.
  public func read(_ path: String, images: String?) throws(DatasetError) -> Dataset {
    let files = try Self.files(path)
    guard !files.isEmpty else {
      throw DatasetError(
        message:
          "\(path) holds RefCOCO's pickles only (\(try Self.pickles(path).joined(separator: ", "))); bring "
          + "them into the processed form with docs/convert-refcoco.py")
    }
    var examples: [InstructionExample] = []
    var notes: [Dataset.Shortcoming] = []
    for file in files {
      let rows = try Self.rows(of: file, images: images)
      let part = DatasetFolder.stem(of: file)
      for row in rows {
        guard case .boxes = row.solution else {
          throw DatasetError(message: "\(file): row \(row.id) has no box [x1, y1, x2, y2] as its solution")
        }
        examples.append(
          InstructionExample(
            id: "\(part)/\(row.id)", images: row.images, problem: Self.asked(row.problem),
            solution: row.solution))
      }
    }
    for path in InstructionFile.missingImages(of: examples) { notes.append(.init(kind: .image, name: path)) }
    return Dataset(
      layout: name, title: "RefCOCO", root: path, examples: examples, shortcomings: notes)
  }

  /// The question about an expression; rows that ask in full are left as they are.
  static func asked(_ problem: String) -> String {
    problem.lowercased().contains("bounding box") ? problem : question + problem
  }

  private static func files(_ path: String) throws(DatasetError) -> [String] {
    if isProcessed(DatasetFolder.lastName(of: path)), try !DatasetFolder.isFolder(path) { return [path] }
    return try DatasetFolder(path: path).names.filter(isProcessed).map { DatasetFolder.joined(path, $0) }
  }

  private static func isProcessed(_ name: String) -> Bool {
    guard name.hasSuffix(".json") || name.hasSuffix(".jsonl") else { return false }
    return ["refcoco_", "refcocop_", "refcocog_", "refcoco+_"].contains { name.hasPrefix($0) }
  }

  private static func pickles(_ path: String) throws(DatasetError) -> [String] {
    try DatasetFolder(path: path).names.filter { $0.hasPrefix("refs(") && $0.hasSuffix(".p") }
  }

  /// The rows of a file, with their pictures looked for near it unless a folder is given: the first folder that has the
  /// first row's picture counts for all.
  private static func rows(
    of file: String, images: String?
  ) throws(DatasetError) -> [InstructionExample] {
    let own = DatasetFolder.parent(of: file)
    let rows = try InstructionFile.read(path: file, images: images ?? own, requiringImages: false)
    guard images == nil, let first = rows.first?.images.first, first.hasPrefix(own + "/") else { return rows }
    let name = String(first.dropFirst(own.count + 1))
    let near = [own, DatasetFolder.parent(of: own), "\(own)/images", "\(own)/coco"]
    for folder in near where try DatasetFolder(path: folder).has(name) {
      return folder == own
        ? rows : try InstructionFile.read(path: file, images: folder, requiringImages: false)
    }
    return rows
  }
}
