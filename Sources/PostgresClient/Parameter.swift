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
}

extension Parameter: PostgresEncodable {
  public var postgresParameter: Parameter { self }
}
extension String: PostgresEncodable {
  public var postgresParameter: Parameter { .text(self) }
}
extension Int: PostgresEncodable {
  public var postgresParameter: Parameter { .text(description) }
}
extension Int64: PostgresEncodable {
  public var postgresParameter: Parameter { .text(description) }
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
  /// An array in the server's text form; elements are quoted, so any text may be in them.
  public var postgresParameter: Parameter {
    var text: [UInt8] = [UInt8(ascii: "{")]
    text.reserveCapacity(2 + count * 16)
    for element in self {
      if text.count > 1 { text.append(UInt8(ascii: ",")) }
      switch element.postgresParameter {
      case .null: text.append(contentsOf: "NULL".utf8)
      case .text(let value):
        text.append(UInt8(ascii: "\""))
        if value.utf8.contains(where: PostgresText.isEscaped) {
          for byte in value.utf8 {
            if PostgresText.isEscaped(byte) { text.append(UInt8(ascii: "\\")) }
            text.append(byte)
          }
        } else {
          text.append(contentsOf: value.utf8)
        }
        text.append(UInt8(ascii: "\""))
      case .bytes(let bytes):
        text.append(contentsOf: "\"\\\\x".utf8)
        for byte in bytes {
          text.append(PostgresText.digit(byte >> 4))
          text.append(PostgresText.digit(byte & 15))
        }
        text.append(UInt8(ascii: "\""))
      }
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
