internal import COpenSSL

/// SHA-256 of bytes that come in parts.
public struct SHA256: ~Copyable {
  private let context: OpaquePointer

  public init() {
    guard let context = EVP_MD_CTX_new(), EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1 else {
      fatalError("libcrypto could not begin a SHA-256 digest")
    }
    self.context = context
  }

  deinit { EVP_MD_CTX_free(context) }

  public mutating func update(_ bytes: UnsafeRawBufferPointer) {
    guard EVP_DigestUpdate(context, bytes.baseAddress, bytes.count) == 1 else {
      fatalError("libcrypto could not continue a SHA-256 digest")
    }
  }

  public mutating func update(_ bytes: some Sequence<UInt8>) {
    Array(bytes).withUnsafeBytes { update($0) }
  }

  public consuming func finalize() -> Digest {
    Digest { EVP_DigestFinal_ex(context, $0, nil) == 1 }
  }
}

extension SHA256 {
  public static func digest(of bytes: UnsafeRawBufferPointer) -> Digest {
    Digest { EVP_Digest(bytes.baseAddress, bytes.count, $0, nil, EVP_sha256(), nil) == 1 }
  }

  public static func digest(of bytes: some Sequence<UInt8>) -> Digest {
    Array(bytes).withUnsafeBytes { digest(of: $0) }
  }
}
