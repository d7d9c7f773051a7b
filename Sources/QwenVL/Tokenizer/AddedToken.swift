import ModelFiles
import OrderedJSON

/// A token that is recognised in the text before anything else happens to it.
public struct AddedToken: Sendable, Equatable {
  public let id: Int
  public let content: String
  /// Left out when decoding skips special tokens.
  public let isSpecial: Bool
  /// Takes the white space before (after) it along.
  public let stripsLeft: Bool
  public let stripsRight: Bool
  /// Recognised only where no word character stands before and after it.
  public let singleWord: Bool
  /// Looked for in the normalised text instead of the text as given.
  public let normalized: Bool

  public init(
    id: Int, content: String, isSpecial: Bool, stripsLeft: Bool = false, stripsRight: Bool = false,
    singleWord: Bool = false, normalized: Bool = false
  ) {
    self.id = id
    self.content = content
    self.isSpecial = isSpecial
    self.stripsLeft = stripsLeft
    self.stripsRight = stripsRight
    self.singleWord = singleWord
    self.normalized = normalized
  }
}

extension AddedToken {
  init(_ reader: SettingsReader, id: Int) throws(ModelFileError) {
    guard let content = try reader.text("content") else {
      throw reader.failure("content", "is missing from an added token")
    }
    guard id < 1 << 24 else {
      throw reader.failure("id", "is \(id); identifiers are below \(1 << 24)")
    }
    let special = try reader.truth("special", default: false)
    self.init(
      id: id, content: content, isSpecial: special,
      stripsLeft: try reader.truth("lstrip", default: false),
      stripsRight: try reader.truth("rstrip", default: false),
      singleWord: try reader.truth("single_word", default: false),
      normalized: try reader.truth("normalized", default: !special))
  }
}

/// Finds added tokens in a text: the leftmost, of those that begin at one place the longest.
struct AddedTokenMatcher: Sendable {
  /// By first byte, longest first.
  private let candidates: [[(bytes: [UInt8], token: AddedToken)]]
  private let isEmpty: Bool

  init(_ tokens: [(bytes: [UInt8], token: AddedToken)]) {
    var candidates: [[(bytes: [UInt8], token: AddedToken)]] = Array(repeating: [], count: 256)
    for token in tokens {
      if let first = token.bytes.first { candidates[Int(first)].append(token) }
    }
    for index in candidates.indices { candidates[index].sort { $0.bytes.count > $1.bytes.count } }
    self.candidates = candidates
    self.isEmpty = candidates.allSatisfy(\.isEmpty)
  }

  /// Cuts the text into ranges with a token and the ranges between them, none of which is empty.
  func split(_ text: ArraySlice<UInt8>) -> [(range: Range<Int>, id: Int?)] {
    if text.isEmpty { return [] }
    if isEmpty { return [(text.indices, nil)] }
    var parts: [(range: Range<Int>, id: Int?)] = []
    var done = text.startIndex
    var position = text.startIndex
    while position < text.endIndex {
      guard
        let found = candidates[Int(text[position])].first(where: { text[position...].starts(with: $0.bytes) })
      else {
        position += 1
        continue
      }
      var start = position
      var end = position + found.bytes.count
      position = end
      if found.token.singleWord, isInsideWord(text, start, end) { continue }
      if found.token.stripsLeft {
        start = TextEdges.startOfSpace(text[..<start])
      }
      start = max(start, done)
      if found.token.stripsRight { end = TextEdges.endOfSpace(text[end...]) }
      if done < start { parts.append((done..<start, nil)) }
      parts.append((start..<end, found.token.id))
      done = end
    }
    if done < text.endIndex { parts.append((done..<text.endIndex, nil)) }
    return parts
  }

  private func isInsideWord(_ text: ArraySlice<UInt8>, _ start: Int, _ end: Int) -> Bool {
    TextEdges.endsWithWord(text[..<start]) || TextEdges.beginsWithWord(text[end...])
  }
}

/// What stands at the ends of a part of a text.
private enum TextEdges {
  static func startOfSpace(_ text: ArraySlice<UInt8>) -> Int {
    var start = text.endIndex
    for scalar in String(decoding: text, as: UTF8.self).unicodeScalars.reversed() {
      guard scalar.properties.isWhitespace else { break }
      start -= UTF8.width(scalar)
    }
    return start
  }

  static func endOfSpace(_ text: ArraySlice<UInt8>) -> Int {
    var end = text.startIndex
    for scalar in String(decoding: text, as: UTF8.self).unicodeScalars {
      guard scalar.properties.isWhitespace else { break }
      end += UTF8.width(scalar)
    }
    return end
  }

  static func endsWithWord(_ text: ArraySlice<UInt8>) -> Bool {
    String(decoding: text, as: UTF8.self).unicodeScalars.last.map(isWord) ?? false
  }

  static func beginsWithWord(_ text: ArraySlice<UInt8>) -> Bool {
    String(decoding: text, as: UTF8.self).unicodeScalars.first.map(isWord) ?? false
  }

  /// Letters, marks, decimal digits, connecting punctuation and joiners, as `\w` has it.
  private static func isWord(_ scalar: Unicode.Scalar) -> Bool {
    if scalar.properties.isAlphabetic || scalar.properties.isJoinControl { return true }
    switch scalar.properties.generalCategory {
    case .nonspacingMark, .spacingMark, .enclosingMark, .decimalNumber, .connectorPunctuation: return true
    default: return false
    }
  }
}
