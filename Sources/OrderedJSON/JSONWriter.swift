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

  mutating func write(_ value: JSON, level: Int) {
    switch value {
    case .null: bytes += "null".utf8
    case .bool(let value): bytes += (value ? "true" : "false").utf8
    case .integer(let value): bytes += value.description.utf8
    case .number(let value):
      precondition(value.isFinite, "JSON cannot hold the number \(value)")
      bytes += value.description.utf8
    case .string(let value): write(value)
    case .array(let elements):
      writeAll(elements, between: ("[", "]"), level: level) { $0.write($1, level: level + 1) }
    case .object(let members):
      writeAll(members, between: ("{", "}"), level: level) {
        $0.write($1.key)
        $0.bytes += ($0.pretty ? ": " : ":").utf8
        $0.write($1.value, level: level + 1)
      }
    }
  }

  private mutating func writeAll<Element>(
    _ elements: [Element], between brackets: (String, String), level: Int,
    _ writeOne: (inout JSONWriter, Element) -> Void
  ) {
    bytes += brackets.0.utf8
    for (index, element) in elements.enumerated() {
      if index > 0 { bytes.append(UInt8(ascii: ",")) }
      startLine(level: level + 1)
      writeOne(&self, element)
    }
    if !elements.isEmpty { startLine(level: level) }
    bytes += brackets.1.utf8
  }

  private mutating func startLine(level: Int) {
    guard pretty else { return }
    bytes.append(UInt8(ascii: "\n"))
    bytes += repeatElement(UInt8(ascii: " "), count: 2 * level)
  }

  private mutating func write(_ text: String) {
    bytes.append(UInt8(ascii: "\""))
    if text.utf8.contains(where: { $0 < 0x20 || $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "\\") }) {
      writeEscaped(text)
    } else {
      bytes.append(contentsOf: text.utf8)
    }
    bytes.append(UInt8(ascii: "\""))
  }

  private mutating func writeEscaped(_ text: String) {
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\""): bytes += #"\""#.utf8
      case UInt8(ascii: "\\"): bytes += #"\\"#.utf8
      case UInt8(ascii: "\n"): bytes += #"\n"#.utf8
      case UInt8(ascii: "\r"): bytes += #"\r"#.utf8
      case UInt8(ascii: "\t"): bytes += #"\t"#.utf8
      case 0..<0x20:
        let hex = String(byte, radix: 16)
        bytes += (#"\u00"# + (hex.count == 1 ? "0" : "") + hex).utf8
      default: bytes.append(byte)
      }
    }
  }
}
