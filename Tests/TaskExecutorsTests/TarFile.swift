import Foundation

/// A tar archive put together by hand, for what the usual programs write seldom.
struct TarFile {
  private var bytes: [UInt8] = []

  /// A member: a file of kind 0, a hard link (1), a symbolic one (2), or another kind by its letter.
  mutating func add(
    _ name: [UInt8], kind: Character = "0", content: [UInt8] = [], target: String = "",
    flag: (Int, UInt8)? = nil
  ) {
    var header = [UInt8](repeating: 0, count: 512)
    func put(_ text: [UInt8], at place: Int) {
      header.replaceSubrange(place..<place + text.count, with: text)
    }
    put(name, at: 0)
    put(Array("0000644".utf8), at: 100)
    let octal = String(content.count, radix: 8)
    put(Array((String(repeating: "0", count: 11 - octal.count) + octal).utf8), at: 124)
    put(Array(String(kind).utf8), at: 156)
    put(Array(target.utf8), at: 157)
    put(Array("ustar\0".utf8) + Array("00".utf8), at: 257)
    if let flag { header[flag.0] = flag.1 }
    put(Array(repeating: 0x20, count: 8), at: 148)
    let sum = String(header.reduce(0) { $0 + Int($1) }, radix: 8)
    put(Array((String(repeating: "0", count: 6 - sum.count) + sum).utf8) + [0, 0x20], at: 148)
    bytes += header + content + Array(repeating: 0, count: (512 - content.count % 512) % 512)
  }

  mutating func add(_ name: String, kind: Character = "0", content: String = "", target: String = "") {
    add(Array(name.utf8), kind: kind, content: Array(content.utf8), target: target)
  }

  func write(to path: String) throws {
    try Data(bytes + Array(repeating: 0, count: 1024)).write(to: URL(fileURLWithPath: path))
  }
}
