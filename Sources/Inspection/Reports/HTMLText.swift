#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Texts and numbers as they stand in a page or a picture.
package enum HTMLText {
  /// Text that means nothing but itself, within an element or a quoted attribute.
  package static func escaped(_ text: String) -> String {
    var result = ""
    result.reserveCapacity(text.utf8.count)
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "'": result += "&#39;"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  /// A relative path as an address: everything but letters, digits and a few signs in per cent form.
  static func address(_ path: String) -> String {
    let digits = Array("0123456789ABCDEF")
    var result = ""
    for byte in path.utf8 {
      switch byte {
      case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x2F, 0x5F, 0x7E:
        result.unicodeScalars.append(UnicodeScalar(byte))
      default: result += "%\(digits[Int(byte >> 4)])\(digits[Int(byte & 15)])"
      }
    }
    return result
  }

  static func percent(_ part: Int, of whole: Int) -> String {
    whole > 0 ? "\(fixed(Double(part) * 100 / Double(whole), 1)) %" : "–"
  }

  /// Above 0 for 1 already, so that a single image can be seen.
  static func logarithm(_ count: Int) -> Double { log(Double(count) + 1) }
}
