// A recursive-descent parser over bytes. Strings without escapes, by far the most, become a String straight
// from the input; an object's members are checked for duplicates only by their bytes.

extension JSON {
  /// How deeply arrays and objects may be nested before a text is refused.
  public static let deepestNesting = 256

  /// Reads one JSON document; white space around it is allowed, anything else is not.
  ///
  /// - Throws: ``JSONError`` with the place, when the text breaks RFC 8259, holds invalid UTF-8 or a lone
  ///   surrogate, or is nested more deeply than ``deepestNesting``. Of duplicate keys the last is kept.
  public init(parsing bytes: UnsafeRawBufferPointer) throws(JSONError) {
    var parser = JSONParser(bytes)
    self = try parser.document()
  }

  public init(parsing bytes: some Collection<UInt8>) throws(JSONError) {
    let result = Array(bytes).withUnsafeBytes { buffer in
      Result { () throws(JSONError) in try JSON(parsing: buffer) }
    }
    self = try result.get()
  }

  public init(parsing text: String) throws(JSONError) {
    try self.init(parsing: Array(text.utf8))
  }
}

struct JSONParser {
  private let bytes: UnsafeRawBufferPointer
  private var position = 0
  private var depth = 0

  init(_ bytes: UnsafeRawBufferPointer) {
    self.bytes = bytes
  }

  mutating func document() throws(JSONError) -> JSON {
    skipSpace()
    let value = try value(expecting: "a value")
    skipSpace()
    if position < bytes.count { throw failure("expected the end of the document") }
    return value
  }

  // MARK: Values

  private mutating func value(expecting what: String) throws(JSONError) -> JSON {
    guard let byte = current else { throw failure("expected \(what)") }
    switch byte {
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "{"): return try object()
    case UInt8(ascii: "["): return try array()
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    default: throw failure("expected \(what)")
    }
  }

  private mutating func word(_ word: StaticString, _ value: JSON) throws(JSONError) -> JSON {
    let length = word.utf8CodeUnitCount
    for index in 0..<length
    where position + index >= bytes.count || bytes[position + index] != word.utf8Start[index] {
      throw failure("expected \(word)")
    }
    position += length
    return value
  }

  private mutating func array() throws(JSONError) -> JSON {
    try descend()
    var elements: [JSON] = []
    position += 1
    skipSpace()
    if current == UInt8(ascii: "]") {
      position += 1
    } else {
      while true {
        elements.append(try value(expecting: "an element of an array"))
        skipSpace()
        if try separator(orEnd: UInt8(ascii: "]"), "expected ',' or ']' in an array") { break }
      }
    }
    depth -= 1
    return .array(elements)
  }

  private mutating func object() throws(JSONError) -> JSON {
    try descend()
    var members = MemberList()
    position += 1
    skipSpace()
    if current == UInt8(ascii: "}") {
      position += 1
    } else {
      while true {
        guard current == UInt8(ascii: "\"") else { throw failure("expected a key in double quotes") }
        let key = try string()
        skipSpace()
        guard current == UInt8(ascii: ":") else { throw failure("expected ':' after a key") }
        position += 1
        skipSpace()
        members.append(JSON.Member(key, try value(expecting: "a value after ':'")))
        skipSpace()
        if try separator(orEnd: UInt8(ascii: "}"), "expected ',' or '}' in an object") { break }
      }
    }
    depth -= 1
    return .object(members.members)
  }

  /// Consumes ',' with the space after it (false) or the closing bracket (true).
  private mutating func separator(orEnd end: UInt8, _ expected: StaticString) throws(JSONError) -> Bool {
    guard let byte = current, byte == end || byte == UInt8(ascii: ",") else {
      throw failure("\(expected)")
    }
    position += 1
    if byte == end { return true }
    skipSpace()
    return false
  }

  private mutating func descend() throws(JSONError) {
    depth += 1
    if depth > JSON.deepestNesting {
      throw failure("nested more than \(JSON.deepestNesting) levels deep", showingByte: false)
    }
  }

  // MARK: Numbers

  private mutating func number() throws(JSONError) -> JSON {
    let start = position
    let negative = current == UInt8(ascii: "-")
    if negative { position += 1 }
    var magnitude: UInt64 = 0
    var fits = true
    let firstDigit = position
    while let digit = currentDigit {
      let (product, overflow) = magnitude.multipliedReportingOverflow(by: 10)
      let (sum, carry) = product.addingReportingOverflow(UInt64(digit))
      fits = fits && !overflow && !carry
      magnitude = sum
      position += 1
    }
    if position == firstDigit { throw failure("expected a digit") }
    if position - firstDigit > 1, bytes[firstDigit] == UInt8(ascii: "0") {
      position = firstDigit
      throw failure("a number must not begin with 0", showingByte: false)
    }
    var whole = true
    if current == UInt8(ascii: ".") {
      whole = false
      position += 1
      try digits()
    }
    if current == UInt8(ascii: "e") || current == UInt8(ascii: "E") {
      whole = false
      position += 1
      if current == UInt8(ascii: "+") || current == UInt8(ascii: "-") { position += 1 }
      try digits()
    }
    if whole, fits {
      if !negative, let value = Int(exactly: magnitude) { return .integer(value) }
      if negative, magnitude != 0, magnitude <= UInt64(Int.max) { return .integer(-Int(magnitude)) }
    }
    let text = String(decoding: bytes[start..<position], as: UTF8.self)
    guard let value = Double(text), value.isFinite else {
      position = start
      throw failure("the number \(text) is out of range", showingByte: false)
    }
    return .number(value)
  }

  private mutating func digits() throws(JSONError) {
    guard currentDigit != nil else { throw failure("expected a digit") }
    while currentDigit != nil { position += 1 }
  }

  private var currentDigit: UInt8? {
    guard let byte = current else { return nil }
    let digit = byte &- UInt8(ascii: "0")
    return digit < 10 ? digit : nil
  }

  // MARK: Strings

  private mutating func string() throws(JSONError) -> String {
    position += 1
    let start = position
    while let byte = current {
      if byte == UInt8(ascii: "\"") {
        let text = try validated(start..<position)
        position += 1
        return text
      }
      if byte == UInt8(ascii: "\\") { return try stringWithEscapes(from: start) }
      if byte < 0x20 { throw failure("expected an escape in place of a control character") }
      position += 1
    }
    throw failure("expected '\"' at the end of a string")
  }

  /// Continues at the first backslash of the string that began at `start`.
  private mutating func stringWithEscapes(from start: Int) throws(JSONError) -> String {
    var text = try validated(start..<position)
    while let byte = current {
      switch byte {
      case UInt8(ascii: "\""):
        position += 1
        return text
      case UInt8(ascii: "\\"):
        text.unicodeScalars.append(try escape())
      case 0..<0x20:
        throw failure("expected an escape in place of a control character")
      default:
        let run = position
        while let byte = current, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\"), byte >= 0x20 {
          position += 1
        }
        text += try validated(run..<position)
      }
    }
    throw failure("expected '\"' at the end of a string")
  }

  private mutating func escape() throws(JSONError) -> Unicode.Scalar {
    let start = position
    position += 1
    guard let byte = current else { throw failure("expected an escape after '\\'") }
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "f"): return "\u{C}"
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "u"):
      let first = try fourHexDigits()
      if let scalar = Unicode.Scalar(first) { return scalar }
      if first < 0xDC00, current == UInt8(ascii: "\\"), position + 1 < bytes.count,
        bytes[position + 1] == UInt8(ascii: "u")
      {
        position += 2
        let second = try fourHexDigits()
        if (0xDC00..<0xE000).contains(second),
          let scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
        {
          return scalar
        }
      }
      position = start
      throw failure("half of a surrogate pair stands alone", showingByte: false)
    default:
      position -= 1
      throw failure("expected one of \" \\ / b f n r t u after '\\'")
    }
  }

  private mutating func fourHexDigits() throws(JSONError) -> UInt32 {
    var code: UInt32 = 0
    for _ in 0..<4 {
      guard let byte = current, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
        throw failure("expected four hexadecimal digits after '\\u'")
      }
      code = code << 4 | UInt32(digit)
      position += 1
    }
    return code
  }

  private mutating func validated(_ range: Range<Int>) throws(JSONError) -> String {
    let part = UnsafeRawBufferPointer(rebasing: bytes[range])
    if let text = String(validating: part, as: UTF8.self) { return text }
    // Slow, but only once: the place of the first byte that is not part of a whole character.
    var valid = 0
    var decoder = UTF8()
    var iterator = part.makeIterator()
    scan: while true {
      switch decoder.decode(&iterator) {
      case .scalarValue(let scalar): valid += UTF8.width(scalar)
      case .emptyInput, .error: break scan
      }
    }
    position = range.lowerBound + valid
    throw failure("expected valid UTF-8")
  }

  // MARK: Bytes

  private var current: UInt8? {
    position < bytes.count ? bytes[position] : nil
  }

  private mutating func skipSpace() {
    while let byte = current, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 {
      position += 1
    }
  }

  private func failure(_ reason: String, showingByte: Bool = true) -> JSONError {
    var found = ""
    if showingByte {
      switch current {
      case nil: found = ", found the end of the text"
      case .some(let byte) where byte > 0x20 && byte < 0x7F: found = ", found '\(Unicode.Scalar(byte))'"
      case .some(let byte): found = ", found byte 0x" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
      }
    }
    return JSONError(reason + found, at: position, in: bytes)
  }
}
