import FoundationEssentials
import OrderedJSON

/// What the Python reference computed: Tests/Golden/qwen-text, made by the script in it.
enum TextGolden {
  static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Golden/qwen-text").path

  /// A model folder without weights whose tokenizer has one file.
  static let single = folder + "/single"
  /// The same tokenizer as vocabulary, merges and added tokens.
  static let older = folder + "/older"

  static func section(_ name: String) throws -> JSON {
    let bytes = [UInt8](try Data(contentsOf: URL(filePath: folder + "/golden.json")))
    return try JSON(parsing: bytes)[name] ?? .null
  }

  /// A copy of a golden folder in which `change` may rewrite files; removed after `body`.
  static func withCopy<Result>(
    of source: String, changing change: (_ folder: String) throws -> Void,
    _ body: (_ folder: String) throws -> Result
  ) throws -> Result {
    let copy = FileManager.default.temporaryDirectory.appending(path: "qwen-text-\(UUID().uuidString)").path
    try FileManager.default.copyItem(atPath: source, toPath: copy)
    defer { try? FileManager.default.removeItem(atPath: copy) }
    try change(copy)
    return try body(copy)
  }

  static func replace(_ old: String, by new: String, in file: String) throws {
    let text = String(decoding: try Data(contentsOf: URL(filePath: file)), as: UTF8.self)
    try Data(text.replacing(old, with: new).utf8).write(to: URL(filePath: file))
  }
}

extension JSON {
  var ints: [Int] { (array ?? []).compactMap(\.int) }
}
