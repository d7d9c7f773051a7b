#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// A file written under a temporary name in the folder of its final one; `commit` makes it durable and
/// moves it there. Uncommitted, it disappears.
final class ReplacedFile {
  private let path: String
  private let temporary: String
  private let descriptor: Int32
  private var isCommitted = false

  init(_ path: String) throws(SafetensorsError) {
    self.path = path
    // Processes of other machines and containers may have the same number.
    temporary = "\(path).partial-\(String(UInt64.random(in: 0...UInt64.max), radix: 36))"
    descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
    if descriptor < 0 {
      isCommitted = true
      throw SafetensorsError(path: temporary, reason: "cannot be written: \(systemMessage(errno))")
    }
  }

  deinit {
    if descriptor >= 0 { close(descriptor) }
    if !isCommitted { unlink(temporary) }
  }

  func append(_ bytes: UnsafeRawBufferPointer) throws(SafetensorsError) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let piece = UnsafeRawBufferPointer(rebasing: rest)
      let written = write(descriptor, piece.baseAddress, min(piece.count, 1 << 30))
      if written < 0 {
        if errno == EINTR { continue }
        throw failure("cannot be written")
      }
      rest = rest.dropFirst(written)
    }
  }

  func commit() throws(SafetensorsError) {
    if fsync(descriptor) != 0 { throw failure("cannot be made durable") }
    if rename(temporary, path) != 0 { throw failure("cannot be moved into place") }
    isCommitted = true
    // The new name is durable only with its folder.
    let folder = path.lastIndex(of: "/").map { path[..<$0].isEmpty ? "/" : String(path[..<$0]) } ?? "."
    let directory = open(folder, O_RDONLY | O_CLOEXEC)
    if directory < 0 { throw failure("its folder cannot be opened") }
    defer { close(directory) }
    if fsync(directory) != 0 { throw failure("its folder cannot be made durable") }
  }

  private func failure(_ what: String) -> SafetensorsError {
    SafetensorsError(path: path, reason: "\(what): \(systemMessage(errno))")
  }
}
