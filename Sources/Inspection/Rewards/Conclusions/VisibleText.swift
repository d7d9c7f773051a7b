/// A text as people see it: without characters that take no place, full-width letters and digits as plain ones.
///
/// Otherwise a reasoning could say one thing to its reader and another to a person: "not B" with a joiner inside of "not".
enum VisibleText {
  /// - Returns: `nil` where nothing has to change, as in all plain English.
  static func bytes(of text: ReplyBytes.Bytes) -> [UInt8]? {
    guard let first = text.firstIndex(where: { $0 >= 0xC2 }) else { return nil }
    var result: [UInt8]?
    var index = first
    while index < text.count {
      let change = change(in: text, at: index)
      if let change, result == nil {
        result = Array(text[..<index])
        result?.reserveCapacity(text.count)
        if let letter = change.letter { result?.append(letter) }
      } else if let letter = change?.letter {
        result?.append(letter)
      } else if change == nil {
        result?.append(text[index])
      }
      index += change?.length ?? 1
    }
    return result
  }

  /// What takes the place of the character at an index: an ASCII letter or digit, or nothing.
  private static func change(
    in text: ReplyBytes.Bytes, at index: Int
  ) -> (length: Int, letter: UInt8?)? {
    let byte = text[index]
    // The soft hyphen.
    if byte == 0xC2, index + 1 < text.count, text[index + 1] == 0xAD { return (2, nil) }
    guard byte == 0xE2 || byte == 0xEF, index + 2 < text.count else { return nil }
    let value =
      UInt32(byte & 0x0F) << 12 | UInt32(text[index + 1] & 0x3F) << 6 | UInt32(text[index + 2] & 0x3F)
    switch value {
    // Zero-width spaces and joiners, marks of direction, the byte order mark.
    case 0x200B...0x200F, 0x202A...0x202E, 0x2060...0x2069, 0xFEFF: return (3, nil)
    case 0xFF10...0xFF19, 0xFF21...0xFF3A, 0xFF41...0xFF5A: return (3, UInt8(value - 0xFF00 + 0x20))
    default: return nil
    }
  }
}
