/// The text of tokens that arrive one by one, given out as soon as its characters are whole.
///
/// A token may end inside a character; its bytes then wait for the rest. All that is given out together is what
/// ``Tokenizer/decode(_:skippingSpecial:)`` gives for all tokens together.
public struct TextStream {
  private let tokenizer: Tokenizer
  private let skipsSpecial: Bool
  private var waiting: [UInt8] = []

  public init(_ tokenizer: Tokenizer, skippingSpecial: Bool = true) {
    self.tokenizer = tokenizer
    skipsSpecial = skippingSpecial
  }

  /// The characters that the token completes; often its own, sometimes none.
  public mutating func append(_ id: Int) -> String {
    tokenizer.append(id, skippingSpecial: skipsSpecial, to: &waiting)
    let whole = waiting.count - Self.unfinished(waiting)
    defer { waiting.removeFirst(whole) }
    return String(decoding: waiting[..<whole], as: UTF8.self)
  }

  /// What waited for a rest that does not come: U+FFFD, or nothing.
  public mutating func finish() -> String {
    defer { waiting = [] }
    return String(decoding: waiting, as: UTF8.self)
  }

  /// How many bytes at the end may be the beginning of a character: a lead byte and fewer continuation bytes
  /// than it calls for, none of which rules the character out.
  private static func unfinished(_ bytes: [UInt8]) -> Int {
    for length in 1...3 where length <= bytes.count {
      let lead = bytes[bytes.count - length]
      if lead & 0xC0 == 0x80 { continue }
      let needed =
        switch lead {
        case 0xC2...0xDF: 2
        case 0xE0...0xEF: 3
        case 0xF0...0xF4: 4
        default: 1
        }
      if length >= needed { return 0 }
      if length > 1, !Self.allowed(lead).contains(bytes[bytes.count - length + 1]) { return 0 }
      return length
    }
    return 0
  }

  /// The second bytes that may follow a lead byte (Unicode, table 3-7).
  private static func allowed(_ lead: UInt8) -> ClosedRange<UInt8> {
    switch lead {
    case 0xE0: 0xA0...0xBF
    case 0xED: 0x80...0x9F
    case 0xF0: 0x90...0xBF
    case 0xF4: 0x80...0x8F
    default: 0x80...0xBF
    }
  }
}
