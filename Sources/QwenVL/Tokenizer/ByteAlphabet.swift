/// The reversible map between bytes and the printable characters that stand for them in vocabulary files:
/// printable Latin-1 bytes stand for themselves, the other 68 for U+0100 and up in order.
enum ByteAlphabet {
  /// The character of each byte.
  static let scalars: [UInt32] = {
    var next: UInt32 = 0x100
    return (UInt32(0)..<256).map { byte in
      switch byte {
      case 0x21...0x7E, 0xA1...0xAC, 0xAE...0xFF: return byte
      default:
        defer { next += 1 }
        return next
      }
    }
  }()

  private static let bytes: [UInt32: UInt8] = Dictionary(
    uniqueKeysWithValues: scalars.enumerated().map { ($1, UInt8($0)) })

  /// The token of one byte as vocabulary files write it.
  static func token(of byte: UInt8) -> [UInt8] {
    Unicode.Scalar(scalars[Int(byte)]).map { Array(String($0).utf8) } ?? []
  }

  /// The bytes a token stands for; its own UTF-8 when it holds characters outside of the alphabet.
  static func bytes(of token: UnsafeBufferPointer<UInt8>, appendTo output: inout [UInt8]) {
    let start = output.count
    var position = 0
    while position < token.count {
      let (scalar, length) = UTF8Scalar.decode(token, at: position)
      if scalar > 0x20, scalar < 0x7F {
        output.append(UInt8(scalar))
      } else if let byte = bytes[scalar] {
        output.append(byte)
      } else {
        output.removeSubrange(start...)
        output += token
        return
      }
      position += length
    }
  }
}
