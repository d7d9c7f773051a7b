#if canImport(Glibc)
  internal import Glibc
#else
  internal import Musl
#endif

/// Files whose bytes are on the disk when the call returns.
package enum DurableFiles {
  /// Creates `path`, writes everything and flushes it.
  package static func write(_ chunks: [[UInt8]], to path: String) throws {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw failure("create", path) }
    defer { close(descriptor) }
    for chunk in chunks {
      try chunk.withUnsafeBytes { bytes in
        var offset = 0
        while offset < bytes.count {
          let written = Glibc.write(descriptor, bytes.baseAddress! + offset, bytes.count - offset)
          if written < 0 {
            if errno == EINTR { continue }
            throw failure("write", path)
          }
          offset += written
        }
      }
    }
    guard fsync(descriptor) == 0 else { throw failure("flush", path) }
  }

  /// Flushes the entries of a folder, so that a rename in it survives a power cut.
  package static func flushFolder(_ path: String) throws {
    let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw failure("open", path) }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw failure("flush", path) }
  }

  /// Reads `count` bytes from `offset`.
  package static func read(_ path: String, offset: Int, count: Int) throws -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw failure("open", path) }
    defer { close(descriptor) }
    var failed: CheckpointError?
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      filled = 0
      while filled < count {
        let got = pread(descriptor, buffer.baseAddress! + filled, count - filled, offset + filled)
        if got < 0, errno == EINTR { continue }
        if got <= 0 {
          failed =
            got < 0
            ? failure("read", path)
            : CheckpointError("\(path) ends at byte \(offset + filled), expected \(offset + count)")
          break
        }
        filled += got
      }
    }
    if let failed { throw failed }
    return bytes
  }

  /// The whole of a file that must not be larger than `limit`.
  package static func readAll(_ path: String, limit: Int) throws -> [UInt8] {
    var status = stat()
    guard stat(path, &status) == 0 else { throw failure("open", path) }
    guard status.st_size <= limit else {
      throw CheckpointError("\(path) has \(status.st_size) bytes, more than the \(limit) allowed")
    }
    return try read(path, offset: 0, count: Int(status.st_size))
  }

  package static func failure(_ verb: String, _ path: String) -> CheckpointError {
    CheckpointError("cannot \(verb) \(path): \(String(cString: strerror(errno)))")
  }
}
