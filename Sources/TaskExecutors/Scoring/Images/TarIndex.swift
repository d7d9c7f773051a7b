internal import Glibc
internal import WorkerRuntime

/// Where the files of an uncompressed tar archive lie, so that any worker reads any of them without the others.
///
/// Reads the forms that tar programs write: POSIX ustar and pax (long names, large sizes), GNU long names and sizes.
package struct TarIndex {
  package struct Member: Sendable, Equatable {
    package let name: String
    /// Within the archive.
    package let bytes: Range<Int>
  }

  private static let block = 512
  private static let mostHeaderBytes = 1 << 20

  /// Regular files in the archive's order.
  package let members: [Member]

  package init(path: String) throws {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw TaskError(.userError, "\(path) cannot be opened: \(String(cString: strerror(errno)))")
    }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw TaskError(.userError, "\(path) cannot be read") }
    let end = Int(status.st_size)
    let truncated = TaskError(.userError, "\(path) is truncated: the archive ends within a file")
    func read(_ range: Range<Int>) throws -> [UInt8] {
      guard range.upperBound <= end else { throw truncated }
      var bytes = [UInt8](repeating: 0, count: range.count)
      guard pread(descriptor, &bytes, bytes.count, off_t(range.lowerBound)) == bytes.count else {
        throw TaskError(.transient, "\(path) cannot be read")
      }
      return bytes
    }

    var found: [Member] = []
    var position = 0
    /// What an extension header says of the next file.
    var next: (name: String?, size: Int?) = (nil, nil)
    while position + Self.block <= end {
      let header = try read(position..<position + Self.block)
      if header.allSatisfy({ $0 == 0 }) { break }
      guard Self.hasValidChecksum(header) else {
        throw TaskError(
          .userError,
          position == 0
            ? "\(path) is no tar archive; a compressed one has to be unpacked first"
            : "\(path) is damaged: the header at byte \(position) has a wrong checksum")
      }
      guard var size = Self.number(header[124..<136]), size >= 0 else {
        throw TaskError(.userError, "\(path) is damaged: the header at byte \(position) has no size")
      }
      let kind = header[156]
      let isExtension = [UInt8(ascii: "L"), UInt8(ascii: "K"), UInt8(ascii: "x"), UInt8(ascii: "g")].contains(
        kind)
      if !isExtension, let stated = next.size { size = stated }
      let start = position + Self.block
      guard size <= end - start else { throw truncated }
      if isExtension {
        guard size <= Self.mostHeaderBytes else {
          throw TaskError(
            .userError, "\(path) is damaged: the header at byte \(position) claims \(size) bytes")
        }
        let content = try read(start..<start + size)
        if kind == UInt8(ascii: "L") { next.name = Self.text(content[...]) }
        if kind == UInt8(ascii: "x") { Self.readPax(content, into: &next) }
      } else {
        if [0, UInt8(ascii: "0"), UInt8(ascii: "7")].contains(kind) {
          let name = next.name ?? Self.name(header)
          // A name ending in a slash is a folder in the oldest form.
          if !name.hasSuffix("/") {
            found.append(Member(name: Self.plain(name), bytes: start..<start + size))
          }
        }
        next = (nil, nil)
      }
      position = start + (size + Self.block - 1) / Self.block * Self.block
    }
    guard position > 0 else { throw TaskError(.userError, "\(path) is no tar archive: it is too short") }
    members = found
  }

  /// Without "./" before it.
  private static func plain(_ name: String) -> String {
    var rest = name[...]
    while rest.hasPrefix("./") { rest = rest.dropFirst(2) }
    return String(rest)
  }

  private static func name(_ header: [UInt8]) -> String {
    let name = text(header[0..<100])
    let prefix = header[257..<263].elementsEqual("ustar\0".utf8) ? text(header[345..<500]) : ""
    return prefix.isEmpty ? name : prefix + "/" + name
  }

  private static func text(_ bytes: ArraySlice<UInt8>) -> String {
    String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
  }

  /// The sum of the header's bytes, its own field counted as spaces.
  private static func hasValidChecksum(_ header: [UInt8]) -> Bool {
    let sum = header.enumerated().reduce(0) { $0 + ((148..<156).contains($1.offset) ? 32 : Int($1.element)) }
    return number(header[148..<156]) == sum
  }

  /// Octal digits, or a binary number behind a first byte of 0x80.
  private static func number(_ field: ArraySlice<UInt8>) -> Int? {
    guard let first = field.first else { return nil }
    if first & 0x80 != 0 {
      let digits = field.dropFirst()
      guard first == 0x80, digits.dropLast(7).allSatisfy({ $0 == 0 }) else { return nil }
      return digits.suffix(7).reduce(0) { $0 << 8 | Int($1) }
    }
    var value = 0
    for byte in field where byte != 0 && byte != 0x20 {
      guard (0x30...0x37).contains(byte) else { return nil }
      value = value << 3 | Int(byte - 0x30)
    }
    return value
  }

  /// Records of the form "length key=value\n".
  private static func readPax(_ content: [UInt8], into next: inout (name: String?, size: Int?)) {
    var rest = content[...]
    while let space = rest.firstIndex(of: 0x20),
      let length = Int(String(decoding: rest[..<space], as: UTF8.self)), length > 0, length <= rest.count
    {
      let record = rest[space..<rest.startIndex + length].dropFirst().dropLast()
      rest = rest.dropFirst(length)
      guard let equals = record.firstIndex(of: UInt8(ascii: "=")) else { continue }
      let value = String(decoding: record[equals...].dropFirst(), as: UTF8.self)
      switch String(decoding: record[..<equals], as: UTF8.self) {
      case "path": next.name = value
      case "size": next.size = Int(value).flatMap { $0 >= 0 ? $0 : nil } ?? next.size
      default: break
      }
    }
  }
}
