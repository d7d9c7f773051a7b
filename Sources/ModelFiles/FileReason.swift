internal import FoundationEssentials

#if canImport(Glibc)
  internal import Glibc
#else
  internal import Musl
#endif

/// What the file system refused, in a person's words; the error's own description is a programmer's.
package enum FileReason {
  /// - Returns: the file, where the error knows it, and why; nil for an error that is none of the file system.
  package static func of(_ error: any Error) -> (path: String?, reason: String)? {
    guard let error = error as? CocoaError else { return nil }
    let reason = (error.underlying as? POSIXError).map { String(cString: strerror($0.code.rawValue)) }
    return (error.filePath ?? error.url?.path, reason ?? "it cannot be read or written")
  }

  /// Why alone, for a message that names the file; of other errors their own description.
  package static func words(_ error: any Error) -> String { of(error)?.reason ?? "\(error)" }
}
