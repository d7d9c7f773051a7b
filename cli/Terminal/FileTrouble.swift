import FoundationEssentials

#if canImport(Glibc)
  import Glibc
#else
  import Musl
#endif

/// An error of the file system in a person's words; its own description is a programmer's.
struct FileTrouble: Error, CustomStringConvertible {
  let description: String

  /// Any other error stays what it is.
  static func told(_ error: any Error) -> any Error {
    guard let error = error as? CocoaError else { return error }
    let path = error.filePath ?? error.url?.path ?? "a file"
    let reason = (error.underlying as? POSIXError).map { String(cString: strerror($0.code.rawValue)) }
    return FileTrouble(description: "\(path): \(reason ?? "it cannot be read or written")")
  }
}
