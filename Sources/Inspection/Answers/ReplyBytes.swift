/// Searching in the UTF-8 bytes of a reply: no regular expressions, no characters, one pass.
enum ReplyBytes {
  typealias Bytes = UnsafeBufferPointer<UInt8>

  static let openThink = Array("<think>".utf8)
  static let closeThink = Array("</think>".utf8)
  static let openAnswer = Array("<answer>".utf8)
  static let closeAnswer = Array("</answer>".utf8)

  /// Runs a body on the reply's bytes without copying them where the string allows it.
  static func with<R>(_ text: String, _ body: (Bytes) -> R) -> R {
    if let result = text.utf8.withContiguousStorageIfAvailable(body) { return result }
    return Array(text.utf8).withUnsafeBufferPointer(body)
  }

  static func matches(_ pattern: [UInt8], in bytes: Bytes, at index: Int) -> Bool {
    guard index >= 0, index + pattern.count <= bytes.count else { return false }
    for offset in 0..<pattern.count where bytes[index + offset] != pattern[offset] { return false }
    return true
  }

  static func first(_ pattern: [UInt8], in bytes: Bytes, from start: Int) -> Int? {
    guard bytes.count >= pattern.count, start <= bytes.count - pattern.count else { return nil }
    for index in start...(bytes.count - pattern.count) where bytes[index] == pattern[0] {
      if matches(pattern, in: bytes, at: index) { return index }
    }
    return nil
  }

  /// The last occurrence that ends at or before `end`.
  static func last(_ pattern: [UInt8], in bytes: Bytes, endingBy end: Int) -> Int? {
    var index = end - pattern.count
    while index >= 0 {
      if bytes[index] == pattern[0], matches(pattern, in: bytes, at: index) { return index }
      index -= 1
    }
    return nil
  }

  /// Bytes of the white space character at an index, 0 when there is none; white space as Python's `\s`.
  static func whiteSpace(in bytes: Bytes, at index: Int) -> Int {
    let byte = bytes[index]
    switch byte {
    case 0x20, 0x09...0x0D, 0x1C...0x1F: return 1
    case 0xC2:
      guard index + 1 < bytes.count else { return 0 }
      return bytes[index + 1] == 0x85 || bytes[index + 1] == 0xA0 ? 2 : 0
    case 0xE1:
      guard index + 2 < bytes.count else { return 0 }
      return bytes[index + 1] == 0x9A && bytes[index + 2] == 0x80 ? 3 : 0
    case 0xE2:
      guard index + 2 < bytes.count else { return 0 }
      let second = bytes[index + 1]
      let third = bytes[index + 2]
      if second == 0x80, (0x80...0x8A).contains(third) || third == 0xA8 || third == 0xA9 || third == 0xAF {
        return 3
      }
      return second == 0x81 && third == 0x9F ? 3 : 0
    case 0xE3:
      guard index + 2 < bytes.count else { return 0 }
      return bytes[index + 1] == 0x80 && bytes[index + 2] == 0x80 ? 3 : 0
    default: return 0
    }
  }

  /// The text of a range without white space at its ends.
  static func trimmed(_ bytes: Bytes, _ range: Range<Int>) -> String {
    var start = range.lowerBound
    var end = range.upperBound
    while start < end {
      let length = whiteSpace(in: bytes, at: start)
      if length == 0 || start + length > end { break }
      start += length
    }
    trimming: while end > start {
      for length in 1...3 where end - length >= start {
        if whiteSpace(in: bytes, at: end - length) == length {
          end -= length
          continue trimming
        }
      }
      break
    }
    return String(decoding: bytes[start..<end], as: UTF8.self)
  }
}
