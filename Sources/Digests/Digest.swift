/// The 32 bytes of a SHA-256 digest or of a code made with it.
public struct Digest: Sendable, Equatable {
  public let bytes: [UInt8]

  /// 64 lower-case digits.
  public var hexadecimal: String {
    let digits = Array("0123456789abcdef".utf8)
    return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }

  /// What libcrypto writes into 32 bytes.
  /// - Parameter write: whether it could. It cannot only where memory is exhausted or the library offers no SHA-256.
  init(_ write: (_ bytes: UnsafeMutablePointer<UInt8>?) -> Bool) {
    bytes = [UInt8](unsafeUninitializedCapacity: Self.count) { buffer, count in
      guard write(buffer.baseAddress) else { fatalError("libcrypto could not compute a SHA-256 digest") }
      count = Self.count
    }
  }

  private static let count = 32
}
