import Glibc

/// Calls `body` with a NULL-terminated array of C strings, valid during the call.
func withCStrings<R>(
  _ strings: [String], _ body: (UnsafePointer<UnsafePointer<CChar>?>?) -> R
) -> R {
  let owned = strings.map { strdup($0) }
  defer { for string in owned { free(string) } }
  let pointers: [UnsafePointer<CChar>?] = owned.map { $0.map { UnsafePointer($0) } } + [nil]
  return pointers.withUnsafeBufferPointer { body($0.baseAddress) }
}
