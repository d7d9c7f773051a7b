extension JSON {
  /// Whether every number can be written: JSON has no infinity and no NaN.
  public var isSerializable: Bool {
    switch self {
    case .number(let value): value.isFinite
    case .array(let elements): elements.allSatisfy(\.isSerializable)
    case .object(let members): members.allSatisfy(\.value.isSerializable)
    default: true
    }
  }

  /// The text of this value, without white space or, if `pretty`, indented by two spaces per level.
  /// Numbers have the fewest digits that read back as the same value.
  ///
  /// - Precondition: all numbers are finite (``isSerializable``); they are never replaced by null.
  public func serialized(pretty: Bool = false) -> String {
    String(decoding: serializedBytes(pretty: pretty), as: UTF8.self)
  }

  /// The UTF-8 bytes of ``serialized(pretty:)``.
  public func serializedBytes(pretty: Bool = false) -> [UInt8] {
    var writer = JSONWriter(pretty: pretty)
    writer.write(self, level: 0)
    return writer.bytes
  }
}

private struct JSONWriter {
  let pretty: Bool
  var bytes: [UInt8] = []

  init(pretty: Bool) {
    self.pretty = pretty
    bytes.reserveCapacity(256)
  }

  mutating func write(_ value: JSON, level: Int) {
    switch value {
    case .null: write("null" as StaticString)
    case .bool(let value): write(value ? "true" : "false" as StaticString)
    case .integer(let value): bytes.append(contentsOf: value.description.utf8)
    case .number(let value):
      precondition(value.isFinite, "JSON cannot hold the number \(value)")
      bytes.append(contentsOf: value.description.utf8)
    case .string(let value): write(value)
    case .array(let elements):
      bytes.append(UInt8(ascii: "["))
      for index in elements.indices {
        startElement(index, level: level + 1)
        write(elements[index], level: level + 1)
      }
      if !elements.isEmpty { startLine(level: level) }
      bytes.append(UInt8(ascii: "]"))
    case .object(let members):
      bytes.append(UInt8(ascii: "{"))
      for index in members.indices {
        startElement(index, level: level + 1)
        write(members[index].key)
        bytes.append(UInt8(ascii: ":"))
        if pretty { bytes.append(UInt8(ascii: " ")) }
        write(members[index].value, level: level + 1)
      }
      if !members.isEmpty { startLine(level: level) }
      bytes.append(UInt8(ascii: "}"))
    }
  }

  private mutating func startElement(_ index: Int, level: Int) {
    if index > 0 { bytes.append(UInt8(ascii: ",")) }
    startLine(level: level)
  }

  private mutating func startLine(level: Int) {
    guard pretty else { return }
    bytes.append(UInt8(ascii: "\n"))
    bytes.append(contentsOf: repeatElement(UInt8(ascii: " "), count: 2 * level))
  }

  private mutating func write(_ word: StaticString) {
    bytes.append(contentsOf: UnsafeBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount))
  }

  private mutating func write(_ text: String) {
    bytes.append(UInt8(ascii: "\""))
    let isPlain = text.utf8.withContiguousStorageIfAvailable { text in
      guard !text.contains(where: Self.isEscaped) else { return false }
      bytes.append(contentsOf: text)
      return true
    }
    if isPlain != true { writeEscaped(text) }
    bytes.append(UInt8(ascii: "\""))
  }

  private static func isEscaped(_ byte: UInt8) -> Bool {
    byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
  }

  private mutating func writeEscaped(_ text: String) {
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\""): write(#"\""# as StaticString)
      case UInt8(ascii: "\\"): write(#"\\"# as StaticString)
      case UInt8(ascii: "\n"): write(#"\n"# as StaticString)
      case UInt8(ascii: "\r"): write(#"\r"# as StaticString)
      case UInt8(ascii: "\t"): write(#"\t"# as StaticString)
      case 0..<0x20:
        write(#"\u00"# as StaticString)
        for digit in [byte >> 4, byte & 15] { bytes.append(digit < 10 ? 48 + digit : 87 + digit) }
      default: bytes.append(byte)
      }
    }
  }
}
