import Foundation
import OrderedJSON
import Testing

/// Expected values made by the script beside them.
enum GoldenFile {
  static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Golden/inspection")

  /// The records of a golden file.
  static func entries(_ name: String) throws -> [JSON] {
    let data = try Data(contentsOf: folder.appending(path: name))
    return try #require(try JSON(parsing: [UInt8](data)).array)
  }
}

extension JSON {
  var text: String { string ?? "" }
  var flag: Bool? { if case .bool(let value) = self { value } else { nil } }
  var options: [AnswerOptionPair] { (members ?? []).map { ($0.key, $0.value.text) } }
}

typealias AnswerOptionPair = (letter: String, text: String)
