/// A type that reads the server's text form.
public protocol PostgresDecodable {
  /// nil when the text is not of this type.
  init?(postgresText text: String)
}

extension String: PostgresDecodable {
  public init?(postgresText text: String) { self = text }
}
extension Int: PostgresDecodable {
  public init?(postgresText text: String) { self.init(text) }
}
extension Int64: PostgresDecodable {
  public init?(postgresText text: String) { self.init(text) }
}
extension Double: PostgresDecodable {
  public init?(postgresText text: String) { self.init(text) }
}
extension Float: PostgresDecodable {
  public init?(postgresText text: String) { self.init(text) }
}
extension Bool: PostgresDecodable {
  public init?(postgresText text: String) {
    switch text {
    case "t": self = true
    case "f": self = false
    default: return nil
    }
  }
}

/// One-dimensional arrays without NULLs.
extension Array: PostgresDecodable where Element: PostgresDecodable {
  public init?(postgresText text: String) {
    guard let parts = ArrayText.elements(of: text) else { return nil }
    self = []
    reserveCapacity(parts.count)
    for part in parts {
      guard let element = Element(postgresText: part) else { return nil }
      append(element)
    }
  }
}

enum ArrayText {
  /// The elements of `{a,"b,c",d}` without their quotes; nil when the text is malformed, nested or holds NULL.
  static func elements(of text: String) -> [String]? {
    let bytes = Array(text.utf8)
    guard bytes.first == UInt8(ascii: "{"), bytes.last == UInt8(ascii: "}"), bytes.count >= 2 else {
      return nil
    }
    if bytes.count == 2 { return [] }
    var elements: [String] = []
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
      elements.append(String(decoding: element, as: UTF8.self))
      guard index <= end, index == end || bytes[index] == UInt8(ascii: ",") else { return nil }
      index += 1
    }
    return elements
  }
}
