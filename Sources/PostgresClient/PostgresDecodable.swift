/// A type that reads the server's text form.
public protocol PostgresDecodable {
  /// nil when the text is not of this type.
  /// - Parameter text: in UTF-8, valid during the call.
  init?(postgresText text: UnsafeRawBufferPointer)
  /// The elements of a one-dimensional array without NULLs; nil when the text is no such array.
  static func elements(ofPostgresArray text: UnsafeRawBufferPointer) -> [Self]?
}

extension PostgresDecodable {
  public static func elements(ofPostgresArray text: UnsafeRawBufferPointer) -> [Self]? {
    guard let parts = ArrayText.elements(of: text) else { return nil }
    var elements: [Self] = []
    elements.reserveCapacity(parts.count)
    for part in parts {
      guard let element = part.withUnsafeBytes({ Self(postgresText: $0) }) else { return nil }
      elements.append(element)
    }
    return elements
  }
}

extension String: PostgresDecodable {
  public init?(postgresText text: UnsafeRawBufferPointer) { self.init(decoding: text, as: UTF8.self) }
}
extension Int: PostgresDecodable {
  public init?(postgresText text: UnsafeRawBufferPointer) { self.init(decimalDigits: text) }
}
extension Int64: PostgresDecodable {
  public init?(postgresText text: UnsafeRawBufferPointer) { self.init(decimalDigits: text) }
  public static func elements(ofPostgresArray text: UnsafeRawBufferPointer) -> [Self]? {
    ArrayText.integers(of: text)
  }
}
extension Double: PostgresDecodable {
  public init?(postgresText text: UnsafeRawBufferPointer) { self.init(String(decoding: text, as: UTF8.self)) }
}
extension Float: PostgresDecodable {
  public init?(postgresText text: UnsafeRawBufferPointer) { self.init(String(decoding: text, as: UTF8.self)) }
}
extension Bool: PostgresDecodable {
  public init?(postgresText text: UnsafeRawBufferPointer) {
    guard text.count == 1 else { return nil }
    switch text[0] {
    case UInt8(ascii: "t"): self = true
    case UInt8(ascii: "f"): self = false
    default: return nil
    }
  }
}

/// One-dimensional arrays without NULLs.
extension Array: PostgresDecodable where Element: PostgresDecodable {
  public init?(postgresText text: UnsafeRawBufferPointer) {
    guard let elements = Element.elements(ofPostgresArray: text) else { return nil }
    self = elements
  }
}

extension FixedWidthInteger {
  /// Reads what the server writes: a minus sign or none, and digits.
  init?(decimalDigits text: UnsafeRawBufferPointer) {
    let isNegative = text.first == UInt8(ascii: "-")
    let digits = text.dropFirst(isNegative ? 1 : 0)
    guard !digits.isEmpty else { return nil }
    var value: Self = 0
    for byte in digits {
      guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
      let (tens, isTooLarge) = value.multipliedReportingOverflow(by: 10)
      let digit = Self(byte - UInt8(ascii: "0"))
      let (next, overflows) =
        isNegative ? tens.subtractingReportingOverflow(digit) : tens.addingReportingOverflow(digit)
      guard !isTooLarge, !overflows else { return nil }
      value = next
    }
    self = value
  }
}

enum ArrayText {
  /// The elements of `{1,-2,3}`, which need no quotes; nil when one is no integer of this size.
  static func integers<Integer: FixedWidthInteger>(of bytes: UnsafeRawBufferPointer) -> [Integer]? {
    guard bytes.count >= 2, bytes[0] == UInt8(ascii: "{"), bytes[bytes.count - 1] == UInt8(ascii: "}") else {
      return nil
    }
    if bytes.count == 2 { return [] }
    var integers: [Integer] = []
    var start = 1
    for index in 1..<bytes.count where bytes[index] == UInt8(ascii: ",") || index == bytes.count - 1 {
      guard let integer = Integer(decimalDigits: UnsafeRawBufferPointer(rebasing: bytes[start..<index]))
      else {
        return nil
      }
      integers.append(integer)
      start = index + 1
    }
    return integers
  }

  /// The elements of `{a,"b,c",d}` without their quotes; nil when the text is malformed, nested or holds NULL.
  static func elements(of bytes: UnsafeRawBufferPointer) -> [[UInt8]]? {
    guard bytes.count >= 2, bytes[0] == UInt8(ascii: "{"), bytes[bytes.count - 1] == UInt8(ascii: "}") else {
      return nil
    }
    if bytes.count == 2 { return [] }
    var elements: [[UInt8]] = []
    var index = 1
    let end = bytes.count - 1
    while index <= end {
      var element: [UInt8] = []
      if bytes[index] == UInt8(ascii: "\"") {
        index += 1
        while index < end, bytes[index] != UInt8(ascii: "\"") {
          if bytes[index] == UInt8(ascii: "\\") { index += 1 }
          guard index < end else { return nil }
          element.append(bytes[index])
          index += 1
        }
        index += 1
      } else {
        while index < end, bytes[index] != UInt8(ascii: ",") {
          guard bytes[index] != UInt8(ascii: "{") else { return nil }
          element.append(bytes[index])
          index += 1
        }
        if element.elementsEqual("NULL".utf8) { return nil }
      }
      elements.append(element)
      guard index <= end, index == end || bytes[index] == UInt8(ascii: ",") else { return nil }
      index += 1
    }
    return elements
  }
}
