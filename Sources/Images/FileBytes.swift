import Glibc

/// Reading a whole file, or a part of one, within a bound.
enum FileBytes {
  /// - Parameters:
  ///   - place: what is opened for the path; nil opens the path.
  ///   - part: the bytes that are wanted, all of which have to be there; the whole file when nil.
  static func read(
    _ path: String, at place: [CChar]? = nil, part: Range<Int>? = nil, atMost limit: Int
  ) throws -> [UInt8] {
    // Without O_NONBLOCK a named pipe would block here before it can be refused.
    let descriptor = open(place ?? Array(path.utf8CString), O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw failure(path, "cannot be opened", errno) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw failure(path, "cannot be read", errno) }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw ImageError(name: path, reason: "is not a regular file")
    }
    let (start, size) = part.map { ($0.lowerBound, $0.count) } ?? (0, Int(status.st_size))
    guard start + size <= Int(status.st_size) else {
      throw ImageError(name: path, reason: "ends before byte \(start + size), where an image in it should")
    }
    guard size <= limit else {
      throw ImageError(name: path, reason: "has \(size) bytes, more than the \(limit) allowed")
    }
    var problem: Int32 = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
      count = 0
      while count < size {
        let got = pread(descriptor, buffer.baseAddress! + count, size - count, off_t(start + count))
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
