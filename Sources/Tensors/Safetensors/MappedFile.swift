#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// The bytes of a file, read only, paged in as they are touched.
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
    let address = mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, 0)
    guard let address, address != MAP_FAILED else {
      throw refuse("cannot be mapped into memory: \(systemMessage(errno))")
    }
    bytes = UnsafeRawBufferPointer(start: address, count: size)
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
