import Glibc

/// A type whose values can be `$1`, `$2` … of a statement. Values never become part of the statement's text.
public protocol PostgresEncodable: Sendable {
  /// Writes it as the next parameter, mostly in the server's text form for the type that the statement gives it.
  func append(to parameters: inout Parameters)
  /// Writes it as an element of an array in the server's text form.
  func appendElement(to array: inout [UInt8])
  /// Writes all of an array's elements, with commas between them: a call for many of them.
  static func appendElements(_ elements: [Self], to array: inout [UInt8])
}

extension PostgresEncodable {
  public static func appendElements(_ elements: [Self], to array: inout [UInt8]) {
    var isFirst = true
    for element in elements {
      if !isFirst { array.append(UInt8(ascii: ",")) }
      isFirst = false
      element.appendElement(to: &array)
    }
  }
}

extension String: PostgresEncodable {
  public func append(to parameters: inout Parameters) {
    parameters.appendText { $0.append(contentsOf: utf8) }
  }

  /// In quotes, so any text may be in it.
  public func appendElement(to array: inout [UInt8]) {
    array.append(UInt8(ascii: "\""))
    let isPlain = utf8.withContiguousStorageIfAvailable { bytes in
      guard !bytes.contains(where: Self.isEscaped) else { return false }
      array.append(contentsOf: bytes)
      return true
    }
    if isPlain != true {
      for byte in utf8 {
        if Self.isEscaped(byte) { array.append(UInt8(ascii: "\\")) }
        array.append(byte)
      }
    }
    array.append(UInt8(ascii: "\""))
  }

  /// Whether a byte of an array's element has a backslash before it.
  private static func isEscaped(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
  }
}

extension Int64: PostgresEncodable {
  public func append(to parameters: inout Parameters) { parameters.appendText { appendElement(to: &$0) } }

  public func appendElement(to array: inout [UInt8]) {
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 20) { digits in
      var (rest, start) = (magnitude, digits.count)
      repeat {
        let (quotient, digit) = rest.quotientAndRemainder(dividingBy: 10)
        start -= 1
        digits[start] = UInt8(ascii: "0") + UInt8(digit)
        rest = quotient
      } while rest > 0
      if self < 0 { array.append(UInt8(ascii: "-")) }
      array.append(contentsOf: digits[start...])
    }
  }
}

extension Int: PostgresEncodable {
  public func append(to parameters: inout Parameters) { Int64(self).append(to: &parameters) }
  public func appendElement(to array: inout [UInt8]) { Int64(self).appendElement(to: &array) }
}

extension Bool: PostgresEncodable {
  public func append(to parameters: inout Parameters) { parameters.appendText { appendElement(to: &$0) } }
  public func appendElement(to array: inout [UInt8]) {
    array.append(self ? UInt8(ascii: "t") : UInt8(ascii: "f"))
  }
}

extension PostgresEncodable where Self: BinaryFloatingPoint & CustomStringConvertible {
  public func append(to parameters: inout Parameters) { parameters.appendText { appendElement(to: &$0) } }

  public func appendElement(to array: inout [UInt8]) {
    if isFinite {
      array.append(contentsOf: description.utf8)
    } else {
      array.append(contentsOf: (isNaN ? "NaN" : self < 0 ? "-Infinity" : "Infinity").utf8)
    }
  }
}

extension Double: PostgresEncodable {}
extension Float: PostgresEncodable {}

/// nil is NULL.
extension Optional: PostgresEncodable where Wrapped: PostgresEncodable {
  public func append(to parameters: inout Parameters) {
    if let self { self.append(to: &parameters) } else { parameters.appendNull() }
  }

  public func appendElement(to array: inout [UInt8]) {
    if let self { self.appendElement(to: &array) } else { array.append(contentsOf: "NULL".utf8) }
  }
}

extension Array: PostgresEncodable where Element: PostgresEncodable {
  public func append(to parameters: inout Parameters) { parameters.appendText { appendElement(to: &$0) } }

  public func appendElement(to array: inout [UInt8]) {
    array.append(UInt8(ascii: "{"))
    Element.appendElements(self, to: &array)
    array.append(UInt8(ascii: "}"))
  }
}

/// Bytes of a `bytea` column, sent as they are.
public struct BinaryValue: PostgresEncodable {
  private let bytes: [UInt8]

  public init(_ bytes: [UInt8]) { self.bytes = bytes }

  public func append(to parameters: inout Parameters) { parameters.appendBinary(bytes) }

  public func appendElement(to array: inout [UInt8]) {
    array.append(contentsOf: "\"\\\\x".utf8)
    for byte in bytes {
      array.append(Self.digit(byte >> 4))
      array.append(Self.digit(byte & 15))
    }
    array.append(UInt8(ascii: "\""))
  }

  private static func digit(_ nibble: UInt8) -> UInt8 { nibble < 10 ? 48 + nibble : 87 + nibble }
}
