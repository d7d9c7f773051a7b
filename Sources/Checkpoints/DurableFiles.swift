#if canImport(Glibc)
  internal import Glibc
#else
  internal import Musl
#endif

/// Files whose bytes are on the disk when the call returns.
package enum DurableFiles {
  /// A file that is written from start to end.
  package final class Writer {
    private let path: String
    private let descriptor: Int32

    /// Creates the file, or empties it.
    package init(_ path: String) throws {
      self.path = path
      descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
      guard descriptor >= 0 else { throw failure("create", path) }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    package func write(_ bytes: [UInt8]) throws {
      try bytes.withUnsafeBytes { bytes in
        var rest = bytes[...]
        while !rest.isEmpty {
          let written = put(descriptor, UnsafeRawBufferPointer(rebasing: rest))
          if written < 0 {
            if errno == EINTR { continue }
            throw failure("write", path)
          }
          rest = rest.dropFirst(written)
        }
      }
    }

    /// Flushes everything to the disk.
    package func finish() throws {
      guard fsync(descriptor) == 0 else { throw failure("flush", path) }
    }
  }

  /// Creates `path`, writes everything and flushes it.
  package static func write(_ bytes: [UInt8], to path: String) throws {
    let file = try Writer(path)
    try file.write(bytes)
    try file.finish()
  }

  /// Makes a folder, and those it lies in, where they are not there.
  package static func makeFolder(_ path: String) throws {
    guard mkdir(path, 0o777) != 0 else { return }
    if errno == ENOENT, let slash = path.lastIndex(of: "/"), slash != path.startIndex {
      try makeFolder(String(path[..<slash]))
      if mkdir(path, 0o777) == 0 { return }
    }
    // Some filesystems give another reason than that it is there already.
    let reason = errno
    var status = stat()
    let isThere = stat(path, &status) == 0
    guard !isThere || status.st_mode & S_IFMT != S_IFDIR else { return }
    errno = isThere ? ENOTDIR : reason
    throw failure("make the folder", path)
  }

  /// A name beside `path` that no other writer takes, on this machine or another one that has the folder. It is short,
  /// so that whatever name fits the filesystem can be written to.
  package static func draft(of path: String) -> String {
    let folder = path.lastIndex(of: "/").map { path[...$0] } ?? ""
    return "\(folder).draft-\(String(UInt64.random(in: 0...UInt64.max), radix: 36))"
  }

  /// Puts `bytes` at `path` whole: written beside it under another name, flushed, renamed.
  package static func replace(_ path: String, with bytes: [UInt8]) throws {
    let draft = draft(of: path)
    do {
      try write(bytes, to: draft)
      guard rename(draft, path) == 0 else { throw failure("rename \(draft) to", path) }
    } catch {
      unlink(draft)
      throw error
    }
    try flushFolder(path.lastIndex(of: "/").map { String(path[...$0]) } ?? ".")
  }

  /// Flushes the entries of a folder, so that a rename in it survives a power cut.
  package static func flushFolder(_ path: String) throws {
    let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw failure("open", path) }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw failure("flush", path) }
  }

  /// Reads `count` bytes from `offset`; a file that ends before that is an error.
  package static func read(_ path: String, offset: Int, count: Int) throws -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw failure("open", path) }
    defer { close(descriptor) }
    return try [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      filled = 0
      while filled < count {
        let rest = UnsafeMutableRawBufferPointer(UnsafeMutableBufferPointer(rebasing: buffer[filled..<count]))
        let got = pread(descriptor, rest.baseAddress, rest.count, offset + filled)
        if got < 0, errno == EINTR { continue }
        if got < 0 { throw failure("read", path) }
        guard got > 0 else {
          throw CheckpointError("\(path) ends at byte \(offset + filled), expected \(offset + count)")
        }
        filled += got
      }
    }
  }

  /// The whole of a file that must not be larger than `limit`.
  package static func readAll(_ path: String, limit: Int) throws -> [UInt8] {
    let size = try size(of: path)
    guard size <= limit else {
      throw CheckpointError("\(path) has \(size) bytes, more than the \(limit) allowed")
    }
    return try read(path, offset: 0, count: size)
  }

  package static func size(of path: String) throws -> Int {
    var status = stat()
    guard stat(path, &status) == 0 else { throw failure("open", path) }
    return Int(status.st_size)
  }

  package static func failure(_ verb: String, _ path: String) -> CheckpointError {
    CheckpointError("cannot \(verb) \(path): \(String(cString: strerror(errno)))")
  }
}

private func failure(_ verb: String, _ path: String) -> CheckpointError { DurableFiles.failure(verb, path) }

/// write(2), whose name the methods above hide.
private func put(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Int {
  write(descriptor, bytes.baseAddress, bytes.count)
}
