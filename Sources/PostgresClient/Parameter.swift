/// A value for `$1`, `$2` … of a statement. Values never become part of the statement's text.
public enum Parameter: Sendable, Equatable {
  case null
  /// In the server's text form for the type that the statement gives it.
  case text(String)
  /// Sent in binary.
  case bytes([UInt8])
}

/// A type whose values can be parameters.
public protocol PostgresEncodable: Sendable {
  var postgresParameter: Parameter { get }
  /// Writes it as an element of an array, in the server's text form.
  func appendElement(to array: inout [UInt8])
}

extension PostgresEncodable {
  /// In quotes, so any text may be in it.
  public func appendElement(to array: inout [UInt8]) {
    switch postgresParameter {
    case .null: array.append(contentsOf: "NULL".utf8)
    case .text(let value):
      array.append(UInt8(ascii: "\""))
      if value.utf8.contains(where: PostgresText.isEscaped) {
        for byte in value.utf8 {
          if PostgresText.isEscaped(byte) { array.append(UInt8(ascii: "\\")) }
          array.append(byte)
        }
      } else {
        array.append(contentsOf: value.utf8)
      }
      array.append(UInt8(ascii: "\""))
    case .bytes(let bytes):
      array.append(contentsOf: "\"\\\\x".utf8)
      for byte in bytes {
        array.append(PostgresText.digit(byte >> 4))
        array.append(PostgresText.digit(byte & 15))
      }
      array.append(UInt8(ascii: "\""))
    }
  }
}

extension Parameter: PostgresEncodable {
  public var postgresParameter: Parameter { self }
}
extension String: PostgresEncodable {
  public var postgresParameter: Parameter { .text(self) }
}
extension Int: PostgresEncodable {
  public var postgresParameter: Parameter { .text(description) }
  public func appendElement(to array: inout [UInt8]) { array.append(contentsOf: description.utf8) }
}
extension Int64: PostgresEncodable {
  public var postgresParameter: Parameter { .text(description) }
  public func appendElement(to array: inout [UInt8]) { array.append(contentsOf: description.utf8) }
}
extension Bool: PostgresEncodable {
  public var postgresParameter: Parameter { .text(self ? "t" : "f") }
}
extension Double: PostgresEncodable {
  public var postgresParameter: Parameter { .text(PostgresText.of(self)) }
}
extension Float: PostgresEncodable {
  public var postgresParameter: Parameter { .text(PostgresText.of(self)) }
}
extension Optional: PostgresEncodable where Wrapped: PostgresEncodable {
  public var postgresParameter: Parameter { self?.postgresParameter ?? .null }
}
extension Array: PostgresEncodable where Element: PostgresEncodable {
  /// An array in the server's text form.
  public var postgresParameter: Parameter {
    var text: [UInt8] = [UInt8(ascii: "{")]
    text.reserveCapacity(2 + count * 16)
    for element in self {
      if text.count > 1 { text.append(UInt8(ascii: ",")) }
      element.appendElement(to: &text)
    }
    text.append(UInt8(ascii: "}"))
    return .text(String(decoding: text, as: UTF8.self))
  }
}

enum PostgresText {
  /// Whether a byte of an array's element has a backslash before it.
  static func isEscaped(_ byte: UInt8) -> Bool { byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") }

  static func of(_ value: some BinaryFloatingPoint & CustomStringConvertible) -> String {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value < 0 ? "-Infinity" : "Infinity" }
    return value.description
  }

  static func digit(_ nibble: UInt8) -> UInt8 { nibble < 10 ? 48 + nibble : 87 + nibble }
}
