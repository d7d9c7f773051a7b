#if canImport(Glibc)
  import Glibc
#else
  import Musl
#endif

/// Names of files, which are bytes, as texts.
package enum FileName {
  /// The name; where it is not UTF-8 its other bytes are spelled out (`teil_%E4.png`), so that it has a row of its own
  /// and whoever reads the row finds the file.
  package static func text(_ bytes: some Collection<UInt8>) -> String {
    if let name = String(validating: bytes, as: UTF8.self) { return name }
    return bytes.map { byte in
      byte < 0x80 ? String(UnicodeScalar(byte)) : "%" + String(byte, radix: 16, uppercase: true)
    }.joined()
  }

  /// What to open for a path: the path itself where it is there, else with spelled-out bytes put back, name by name.
  package static func onDisk(_ path: String) -> [CChar] {
    let plain = Array(path.utf8)
    guard plain.contains(UInt8(ascii: "%")), !isThere(plain) else { return terminated(plain) }
    var found: [UInt8] = []
    for (place, name) in plain.split(separator: slash, omittingEmptySubsequences: false).enumerated() {
      if place > 0 { found.append(slash) }
      found += name.isEmpty || isThere(found + name) ? Array(name) : putBack(name)
    }
    return terminated(found)
  }

  /// Where a path of ``text(_:)`` really is, without links; the path itself where there is nothing.
  package static func resolved(_ path: String) -> String {
    guard let place = realpath(onDisk(path), nil) else { return path }
    defer { free(place) }
    let bytes = UnsafeBufferPointer(start: place, count: strlen(place)).map(UInt8.init(bitPattern:))
    return bytes.split(separator: slash, omittingEmptySubsequences: false).map { text($0) }.joined(
      separator: "/")
  }

  private static let slash = UInt8(ascii: "/")

  private static func terminated(_ path: [UInt8]) -> [CChar] { path.map(CChar.init(bitPattern:)) + [0] }

  private static func isThere(_ path: [UInt8]) -> Bool {
    var status = stat()
    return lstat(terminated(path), &status) == 0
  }

  /// The bytes of which ``text(_:)`` has made a name.
  private static func putBack(_ name: ArraySlice<UInt8>) -> [UInt8] {
    var bytes: [UInt8] = []
    var rest = name
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "%"), let digits = String(validating: rest.prefix(2), as: UTF8.self),
        digits.utf8.count == 2, let spelled = UInt8(digits, radix: 16), spelled >= 0x80
      {
        bytes.append(spelled)
        rest = rest.dropFirst(2)
      } else {
        bytes.append(byte)
      }
    }
    return bytes
  }
}
