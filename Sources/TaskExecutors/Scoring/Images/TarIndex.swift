internal import Glibc
internal import Images
internal import WorkerRuntime

/// Where the files of an uncompressed tar archive lie, so that any worker reads any of them without the others.
///
/// Reads the forms that tar programs write: POSIX ustar and pax (long names, large sizes), GNU long names and sizes. A
/// link to another file of the archive is that file under another name; one that leads elsewhere is left out, as is
/// one in a folder.
package struct TarIndex {
  package struct Member: Sendable, Equatable {
    /// Bytes that are not UTF-8 are spelled out, so that every file has a name of its own.
    package let name: String
    /// Within the archive.
    package let bytes: Range<Int>
  }

  private static let block = 512
  private static let mostHeaderBytes = 1 << 20

  /// Regular files in the archive's order, and links to them.
  package let members: [Member]

  /// What a header says of a file beside its size.
  private struct Entry {
    var name: [UInt8]?
    /// What a link leads to.
    var target: [UInt8]?
    var size: Int?
    /// Holes were left out of its bytes.
    var isSparse = false
  }

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
    /// Where the bytes of each file lie, by its plain name; the last of a name counts, as when it is unpacked.
    var places: [[UInt8]: Range<Int>] = [:]
    var position = 0
    /// What an extension header says of the next file.
    var next = Entry()
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
      var start = position + Self.block
      if kind == UInt8(ascii: "S") {
        // More of the list of its holes may follow, a block at a time.
        var isLonger = header[482] != 0
        while isLonger {
          isLonger = try read(start..<start + Self.block)[504] != 0
          start += Self.block
        }
      }
      guard size <= end - start else { throw truncated }
      if isExtension {
        guard size <= Self.mostHeaderBytes else {
          throw TaskError(
            .userError, "\(path) is damaged: the header at byte \(position) claims \(size) bytes")
        }
        let content = try read(start..<start + size)
        if kind == UInt8(ascii: "L") { next.name = Self.text(content[...]) }
        if kind == UInt8(ascii: "K") { next.target = Self.text(content[...]) }
        if kind == UInt8(ascii: "x") { Self.readPax(content, into: &next) }
      } else {
        let name = Self.plain(next.name ?? Self.name(header))
        let target = next.target ?? Self.text(header[157..<257])
        let isSparse = kind == UInt8(ascii: "S") || next.isSparse
        if isSparse, ImageFolder.isImage(FileName.text(name)) {
          throw TaskError(
            .userError,
            "\(path) holds \(FileName.text(name)) without its holes; make the archive without --sparse")
        }
        var place: Range<Int>?
        switch kind {
        // A name ending in a slash is a folder in the oldest form.
        case 0, UInt8(ascii: "0"), UInt8(ascii: "7"):
          if name.last != UInt8(ascii: "/"), !isSparse { place = start..<start + size }
        case UInt8(ascii: "1"): place = places[Self.plain(target)]
        case UInt8(ascii: "2"): place = Self.resolved(target, from: name).flatMap { places[$0] }
        default: break
        }
        if let place {
          places[name] = place
          found.append(Member(name: FileName.text(name), bytes: place))
        }
        next = Entry()
      }
      position = start + (size + Self.block - 1) / Self.block * Self.block
    }
    guard position > 0 else { throw TaskError(.userError, "\(path) is no tar archive: it is too short") }
    members = found
  }

  /// Without "./" before it.
  private static func plain(_ name: [UInt8]) -> [UInt8] {
    var rest = name[...]
    while rest.starts(with: "./".utf8) { rest = rest.dropFirst(2) }
    return Array(rest)
  }

  /// The plain name of what a symbolic link leads to; nil outside the archive.
  private static func resolved(_ target: [UInt8], from link: [UInt8]) -> [UInt8]? {
    let slash = UInt8(ascii: "/")
    guard target.first != slash else { return nil }
    var parts = Array(link.split(separator: slash).dropLast())
    for part in target.split(separator: slash) where !part.elementsEqual(".".utf8) {
      guard part.elementsEqual("..".utf8) else {
        parts.append(part)
        continue
      }
      guard parts.popLast() != nil else { return nil }
    }
    return Array(parts.joined(separator: [slash]))
  }

  private static func name(_ header: [UInt8]) -> [UInt8] {
    let name = text(header[0..<100])
    let prefix = header[257..<263].elementsEqual("ustar\0".utf8) ? text(header[345..<500]) : []
    return prefix.isEmpty ? name : prefix + [UInt8(ascii: "/")] + name
  }

  private static func text(_ bytes: ArraySlice<UInt8>) -> [UInt8] { Array(bytes.prefix { $0 != 0 }) }

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
  private static func readPax(_ content: [UInt8], into next: inout Entry) {
    var rest = content[...]
    while let space = rest.firstIndex(of: 0x20),
      let length = Int(String(decoding: rest[..<space], as: UTF8.self)), length > 0, length <= rest.count
    {
      let record = rest[space..<rest.startIndex + length].dropFirst().dropLast()
      rest = rest.dropFirst(length)
      guard let equals = record.firstIndex(of: UInt8(ascii: "=")) else { continue }
      let value = Array(record[equals...].dropFirst())
      switch String(decoding: record[..<equals], as: UTF8.self) {
      case "path": next.name = value
      case "linkpath": next.target = value
      case "size":
        let size = Int(String(decoding: value, as: UTF8.self))
        next.size = size.flatMap { $0 >= 0 ? $0 : nil } ?? next.size
      case "GNU.sparse.major", "GNU.sparse.map", "GNU.sparse.numblocks": next.isSparse = true
      default: break
      }
    }
  }
}
