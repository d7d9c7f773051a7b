/// Names of files, which are bytes, as texts.
enum FileName {
  /// The name; where it is not UTF-8 its other bytes are spelled out (`teil_%E4.png`), so that it has a row of its own
  /// and whoever reads the row finds the file.
  static func text(_ bytes: some Collection<UInt8>) -> String {
    if let name = String(validating: bytes, as: UTF8.self) { return name }
    return bytes.map { byte in
      byte < 0x80
        ? String(UnicodeScalar(byte))
        : "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
    }.joined()
  }
}
