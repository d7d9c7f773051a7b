import Glibc

/// Reading a whole file within a bound.
enum FileBytes {
  static func read(_ path: String, atMost limit: Int) throws -> [UInt8] {
    // Without O_NONBLOCK a named pipe would block here before it can be refused.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw failure(path, "cannot be opened", errno) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw failure(path, "cannot be read", errno) }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw ImageError(name: path, reason: "is not a regular file")
    }
    let size = Int(status.st_size)
    guard size <= limit else {
      throw ImageError(name: path, reason: "has \(size) bytes, more than the \(limit) allowed")
    }
    var problem: Int32 = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
      count = 0
      while count < size {
        let got = Glibc.read(descriptor, buffer.baseAddress! + count, size - count)
        if got < 0 && errno == EINTR { continue }
        if got < 0 { problem = errno }
        if got <= 0 { break }
        count += got
      }
    }
    guard problem == 0 else { throw failure(path, "cannot be read", problem) }
    return bytes
  }

  private static func failure(_ path: String, _ what: String, _ code: Int32) -> ImageError {
    ImageError(name: path, reason: "\(what): \(String(cString: strerror(code)))")
  }
}
