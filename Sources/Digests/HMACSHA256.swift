internal import COpenSSL

/// HMAC-SHA256 (RFC 2104): shows that a message comes from somebody who knows a key.
public enum HMACSHA256 {
  public static func code(of message: [UInt8], key: [UInt8]) -> Digest {
    Digest { HMAC(EVP_sha256(), key, Int32(key.count), message, message.count, $0, nil) != nil }
  }
}
