import FoundationEssentials
import OrderedJSON

/// Reads files of training rows: JSON lines or one JSON list, each row in one of two forms.
///
///     {"image": "a.png", "problem": "…", "solution": "B"}
///     {"id": 7, "image": ["a.png", "b.png"], "conversations": [{"from": "human", "value": "<image>…"},
///                                                             {"from": "gpt", "value": "[10, 20, 30, 40]"}]}
///
/// A solution is a letter, a box as `[x1, y1, x2, y2]` in original pixels or a list of several (a list or a text), or
/// any text; it may stand in `<answer>` tags. The processed RefCOCO files are of these forms.
public enum InstructionFile {
  /// Whether a path names a file of rows rather than the root of a data set.
  public static func isOne(_ path: String) -> Bool { path.hasSuffix(".json") || path.hasSuffix(".jsonl") }

  /// - Parameters:
  ///   - images: the folder that pictures' names are relative to; `nil` is the file's own.
  ///   - requiringImages: whether a picture that is not on the disk is an error.
  /// - Throws: ``DatasetError`` naming the file and the row.
  public static func read(
    path: String, images: String? = nil, requiringImages: Bool = true
  ) throws(DatasetError) -> [InstructionExample] {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw DatasetError(message: "\(path): no such file, or it cannot be read")
    }
    let folder = images ?? DatasetFolder.parent(of: path)
    let examples: [InstructionExample]
    do {
      examples = try Self.examples(parsing: [UInt8](data), images: folder)
    } catch {
      throw DatasetError(message: "\(path): \(error.message)")
    }
    guard requiringImages else { return examples }
    let missing = missingImages(of: examples)
    if let first = missing.first {
      throw DatasetError(
        message: "\(path): \(missing.count) pictures are missing, the first is \(first); pictures' names are "
          + "relative to \(folder)")
    }
    return examples
  }

  /// - Throws: ``DatasetError`` naming the row, counted from 1: the line of a JSONL file.
  public static func examples(
    parsing bytes: [UInt8], images: String
  ) throws(DatasetError) -> [InstructionExample] {
    // Some editors begin a text with a mark.
    let bytes = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? Array(bytes.dropFirst(3)) : bytes
    var result: [InstructionExample] = []
    if bytes.first(where: { !isSpace($0) }) == UInt8(ascii: "[") {
      for (index, row) in try list(bytes).enumerated() {
        result.append(
          try numbered("row", index + 1) { () throws(DatasetError) in
            try example(row, number: index + 1, images: images)
          })
      }
      return result
    }
    var number = 0
    for line in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
      number += 1
      guard !line.allSatisfy(isSpace) else { continue }
      result.append(
        try numbered("line", number) { () throws(DatasetError) in
          do {
            return try example(try JSON(parsing: Array(line)), number: number, images: images)
          } catch let error as DatasetError {
            throw error
          } catch {
            throw DatasetError(message: "\(error)")
          }
        })
    }
    return result
  }

  /// Pictures that rows name and the disk lacks, each once, in the rows' order.
  public static func missingImages(of examples: [InstructionExample]) -> [String] {
    var known: Set<String> = []
    return examples.flatMap(\.images).filter {
      known.insert($0).inserted && !FileManager.default.fileExists(atPath: $0)
    }
  }

  private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }

  private static func list(_ bytes: [UInt8]) throws(DatasetError) -> [JSON] {
    do {
      return try JSON(parsing: bytes).array ?? []
    } catch {
      throw DatasetError(message: error.description)
    }
  }

  private static func numbered(
    _ word: String, _ number: Int, _ body: () throws(DatasetError) -> InstructionExample
  ) throws(DatasetError) -> InstructionExample {
    do {
      return try body()
    } catch {
      throw DatasetError(message: "\(word) \(number): \(error.message)")
    }
  }

  // MARK: Rows

  private static func example(
    _ row: JSON, number: Int, images folder: String
  ) throws(DatasetError) -> InstructionExample {
    guard row.members != nil else {
      throw DatasetError(message: "it is \(row.kind), not an object with image, problem and solution")
    }
    let problem: String
    let solution: JSON
    if let conversation = row["conversations"] {
      (problem, solution) = try turns(conversation)
    } else {
      guard let text = row["problem"]?.string else {
        throw DatasetError(message: "it lacks the text \"problem\" (or \"conversations\")")
      }
      guard let value = row["solution"] else { throw DatasetError(message: "it lacks \"solution\"") }
      (problem, solution) = (text, value)
    }
    let names = try names(row["image"])
    let asked = withoutMarks(problem)
    guard !asked.isEmpty else { throw DatasetError(message: "it asks nothing: the problem is empty") }
    return InstructionExample(
      id: row["id"].flatMap { $0.string ?? $0.int.map(String.init) } ?? String(number),
      images: names.map { $0.hasPrefix("/") ? $0 : DatasetFolder.joined(folder, $0) }, problem: asked,
      solution: try InstructionExample.Solution(solution))
  }

  private static func names(_ value: JSON?) throws(DatasetError) -> [String] {
    switch value {
    case nil, .null: return []
    case .string(let name): return [name]
    case .array(let values):
      let names = values.compactMap(\.string)
      guard names.count == values.count else {
        throw DatasetError(message: "\"image\" is a list of other things than names")
      }
      return names
    case .some(let other): throw DatasetError(message: "\"image\" is \(other.kind), not a name or a list")
    }
  }

  /// The first question and its answer.
  private static func turns(_ value: JSON) throws(DatasetError) -> (String, JSON) {
    func turn(_ speakers: Set<String>) -> String? {
      (value.array ?? []).first { speakers.contains($0["from"]?.string ?? "") }?["value"]?.string
    }
    guard let asked = turn(["human", "user"]), let given = turn(["gpt", "assistant"]) else {
      throw DatasetError(message: "\"conversations\" lacks a turn of \"human\" or of \"gpt\"")
    }
    return (asked, .string(given))
  }

  /// The problem without its `<image>` marks and the white space around it.
  private static func withoutMarks(_ text: String) -> String {
    let mark = Array("<image>".utf8)
    let bytes = Array(text.utf8)
    var kept: [UInt8] = []
    var index = 0
    while index < bytes.count {
      if bytes.withUnsafeBufferPointer({ ReplyBytes.matches(mark, in: $0, at: index) }) {
        index += mark.count
      } else {
        kept.append(bytes[index])
        index += 1
      }
    }
    return kept.withUnsafeBufferPointer { ReplyBytes.trimmed($0, 0..<$0.count) }
  }
}

extension InstructionExample.Solution {
  /// Reads what a row gives as its solution.
  init(_ value: JSON) throws(DatasetError) {
    if let entries = value.array {
      guard let boxes = PixelBox.list(value) else {
        throw DatasetError(
          message:
            "\"solution\" is a list of \(entries.count); a box is [x1, y1, x2, y2], several are a list of such"
        )
      }
      self = .boxes(try Self.checked(boxes))
      return
    }
    guard let whole = value.string else {
      throw DatasetError(message: "\"solution\" is \(value.kind); it is a letter, a box or a text")
    }
    let text = ReplyBytes.with(ReasonedReply(whole).answer ?? whole) {
      ReplyBytes.trimmed($0, 0..<$0.count)
    }
    if text.utf8.count == 1, let byte = text.utf8.first, (65...90).contains(byte) {
      self = .letter(text)
    } else if let first = text.utf8.first, "[{".utf8.contains(first), case let boxes = PixelBox.all(in: text),
      !boxes.isEmpty
    {
      self = .boxes(try Self.checked(boxes))
    } else {
      self = .text(text)
    }
  }

  private static func checked(_ boxes: [PixelBox]) throws(DatasetError) -> [PixelBox] {
    if let box = boxes.first(where: { !($0.area > 0) }) {
      throw DatasetError(message: "the box \(box) has no area; x1 < x2 and y1 < y2 are needed")
    }
    return boxes
  }
}
