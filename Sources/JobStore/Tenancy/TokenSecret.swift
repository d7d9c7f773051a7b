import Digests

/// The text a bearer shows, or a webhook signs with: 256 random bits behind a prefix by which leaks can be found.
enum TokenSecret {
  static func fresh(prefix: String = "ar1_") -> String {
    var generator = SystemRandomNumberGenerator()
    var bytes: [UInt8] = []
    for _ in 0..<32 { bytes.append(UInt8.random(in: .min ... .max, using: &generator)) }
    return bytes.reduce(into: prefix) { text, byte in
      if byte < 16 { text += "0" }
      text += String(byte, radix: 16)
    }
  }

  static func hash(_ secret: String) -> [UInt8] { SHA256.digest(of: secret.utf8).bytes }
}
