import Digests

/// A word of a reasoning with what separates it from the word before.
///
/// Words are runs of letters, digits and characters beyond ASCII that are no punctuation, apostrophes dropped
/// ("doesn't" is `doesnt`), compared by a hash of their lower-case form; characters nobody sees are none
/// (``VisibleText``). A letter of another alphabet is not the one it looks like.
struct ReasoningWord {
  /// What lies between two words.
  struct Gap: OptionSet {
    let rawValue: UInt16
    static let stop = Gap(rawValue: 1)
    static let question = Gap(rawValue: 2)
    static let colon = Gap(rawValue: 4)
    static let comma = Gap(rawValue: 8)
    static let opening = Gap(rawValue: 16)
    static let closing = Gap(rawValue: 32)
    static let slash = Gap(rawValue: 64)
    /// Nothing but a hyphen: "C-shaped".
    static let hyphen = Gap(rawValue: 128)
    /// Quotes, asterisks and the like, which open as well as close.
    static let mark = Gap(rawValue: 256)
    static let other = Gap(rawValue: 512)
    /// White space, the only gap that is no punctuation.
    static let space = Gap(rawValue: 1024)
    static let newline = Gap(rawValue: 2048)

    static let sentenceEnd: Gap = [.stop, .question, .newline]
    static let clauseEnd: Gap = [.stop, .question, .newline, .colon]
  }

  var hash: UInt64
  /// The byte of a word of one ASCII letter, else 0.
  var letter: UInt8
  var isNumber: Bool
  var startsUpper: Bool
  /// Between the previous word (or the start of the text) and this one.
  var before: Gap
  var roles: WordRoles

  /// The words of a text, and the gap behind the last one.
  static func words(of text: String) -> (words: [ReasoningWord], end: Gap) {
    ReplyBytes.with(text) { bytes in
      guard let visible = VisibleText.bytes(of: bytes) else { return words(of: bytes) }
      return visible.withUnsafeBufferPointer { words(of: $0) }
    }
  }

  private static func words(of bytes: ReplyBytes.Bytes) -> (words: [ReasoningWord], end: Gap) {
    var words: [ReasoningWord] = []
    words.reserveCapacity(bytes.count / 5 + 1)
    var gap: Gap = []
    var index = 0
    while index < bytes.count {
      let (length, separator) = classify(bytes, index)
      if let separator {
        gap.formUnion(separator)
        index += length
        continue
      }
      var word = ReasoningWord(
        hash: 0, letter: 0, isNumber: true, startsUpper: (65...90).contains(bytes[index]),
        before: gap, roles: [])
      let start = index
      var hash = FNV1a()
      var isASCII = true
      var dropped = 0
      while index < bytes.count {
        let (length, separator) = classify(bytes, index)
        if separator != nil {
          guard let apostrophe = apostropheLength(bytes, index) else { break }
          index += apostrophe
          dropped += apostrophe
          continue
        }
        for offset in 0..<length {
          let byte = bytes[index + offset]
          isASCII = isASCII && byte < 0x80
          if !(48...57).contains(byte) { word.isNumber = false }
          hash.combine((65...90).contains(byte) ? byte | 0x20 : byte)
        }
        index += length
      }
      if !isASCII {
        hash = FNV1a(String(decoding: bytes[start..<index], as: UTF8.self).lowercased())
      }
      word.hash = hash.value
      if isASCII, dropped == 0, index - start == 1, isLetter(bytes[start]) { word.letter = bytes[start] }
      word.roles = WordRoles.of(word.hash)
      words.append(word)
      gap = []
    }
    return (words, gap)
  }

  /// Of a lower-case word.
  static func hash(of word: String) -> UInt64 { FNV1a(word).value }

  private static func isLetter(_ byte: UInt8) -> Bool {
    (65...90).contains(byte) || (97...122).contains(byte)
  }

  /// Length of an apostrophe inside a word (between two of its characters), typewriter's or printer's.
  private static func apostropheLength(_ bytes: ReplyBytes.Bytes, _ index: Int) -> Int? {
    let length: Int
    if bytes[index] == UInt8(ascii: "'") {
      length = 1
    } else if index + 2 < bytes.count, bytes[index] == 0xE2, bytes[index + 1] == 0x80,
      bytes[index + 2] == 0x99
    {
      length = 3
    } else {
      return nil
    }
    guard index > 0, isLetter(bytes[index - 1]), index + length < bytes.count, isLetter(bytes[index + length])
    else { return nil }
    return length
  }

  /// The length of the character at an index, and what it separates; `nil` for a word character.
  private static func classify(_ bytes: ReplyBytes.Bytes, _ index: Int) -> (length: Int, gap: Gap?) {
    let byte = bytes[index]
    switch byte {
    case 48...57, 65...90, 95, 97...122: return (1, nil)
    case 0x0A, 0x0D: return (1, .newline)
    case 0x00...0x20: return (1, .space)
    case UInt8(ascii: "."), UInt8(ascii: "!"): return (1, .stop)
    case UInt8(ascii: "?"): return (1, .question)
    case UInt8(ascii: ":"), UInt8(ascii: ";"): return (1, .colon)
    case UInt8(ascii: ","): return (1, .comma)
    case UInt8(ascii: "("), UInt8(ascii: "["), UInt8(ascii: "{"): return (1, .opening)
    case UInt8(ascii: ")"), UInt8(ascii: "]"), UInt8(ascii: "}"): return (1, .closing)
    case UInt8(ascii: "/"): return (1, .slash)
    case UInt8(ascii: "-"): return (1, .hyphen)
    case UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "*"), UInt8(ascii: "`"): return (1, .mark)
    case 0x21..<0x80: return (1, .other)
    default: return beyondASCII(bytes, index)
    }
  }

  private static func beyondASCII(_ bytes: ReplyBytes.Bytes, _ index: Int) -> (length: Int, gap: Gap?) {
    let byte = bytes[index]
    let length = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC0 ? 2 : 1
    let space = ReplyBytes.whiteSpace(in: bytes, at: index)
    if space > 0 { return (space, .space) }
    guard index + length <= bytes.count else { return (bytes.count - index, nil) }
    if length == 2, byte == 0xC2, bytes[index + 1] < 0xAA || bytes[index + 1] == 0xBB { return (2, .other) }
    guard length == 3 else { return (length, nil) }
    let value =
      UInt32(byte & 0x0F) << 12 | UInt32(bytes[index + 1] & 0x3F) << 6 | UInt32(bytes[index + 2] & 0x3F)
    switch value {
    case 0x3002, 0xFF01, 0xFF0E: return (3, .stop)
    case 0xFF1F: return (3, .question)
    case 0xFF1A, 0xFF1B, 0x2013, 0x2014: return (3, .colon)
    case 0xFF0C, 0x3001: return (3, .comma)
    case 0xFF08, 0x3010, 0x300C: return (3, .opening)
    case 0xFF09, 0x3011, 0x300D: return (3, .closing)
    case 0x2018...0x201F: return (3, .mark)
    case 0x2010...0x206F, 0x2190...0x23FF, 0x3000...0x303F, 0xFF00...0xFF0F: return (3, .other)
    default: return (3, nil)
    }
  }
}
