#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// The bytes of a file, paged in as they are touched. What tensors in it are changed to stays in this process.
final class MappedFile {
  let path: String
  let bytes: UnsafeRawBufferPointer

  init(path: String) throws(SafetensorsError) {
    func refuse(_ reason: String) -> SafetensorsError { SafetensorsError(path: path, reason: reason) }
    self.path = path
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    if descriptor < 0 { throw refuse("cannot be opened: \(systemMessage(errno))") }
    defer { close(descriptor) }
    var status = stat()
    if fstat(descriptor, &status) != 0 { throw refuse("cannot be examined: \(systemMessage(errno))") }
    if status.st_mode & S_IFMT != S_IFREG { throw refuse("is not a regular file") }
    let size = Int(status.st_size)
    if size == 0 {
      bytes = UnsafeRawBufferPointer(start: nil, count: 0)
      return
    }
    let address = mmap(
      nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE, descriptor, 0)
    guard let address, address != MAP_FAILED else {
      throw refuse("cannot be mapped into memory: \(systemMessage(errno))")
    }
    bytes = UnsafeRawBufferPointer(start: address, count: size)
  }

  /// Lets go of pages that have been read and are not needed again, so that they do not count as this
  /// process's memory; reading them later brings them back. Nothing may have been written to them.
  func forget(_ range: Range<Int>) {
    guard let start = bytes.baseAddress else { return }
    let page = Int(getpagesize())
    // Only whole pages: what lies beside the range may have been written to.
    let (first, last) = ((range.lowerBound + page - 1) / page * page, range.upperBound / page * page)
    if first < last { madvise(UnsafeMutableRawPointer(mutating: start) + first, last - first, MADV_DONTNEED) }
  }

  deinit {
    if let address = bytes.baseAddress {
      munmap(UnsafeMutableRawPointer(mutating: address), bytes.count)
    }
  }
}

/// The system's words for an error number.
func systemMessage(_ code: Int32) -> String {
  String(cString: strerror(code))
}
