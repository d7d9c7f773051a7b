import ModelFiles

/// An error of the file system in a person's words.
struct FileTrouble: Error, CustomStringConvertible {
  let description: String

  /// Any other error stays what it is.
  static func told(_ error: any Error) -> any Error {
    guard let (path, reason) = FileReason.of(error) else { return error }
    return FileTrouble(description: "\(path ?? "a file"): \(reason)")
  }
}
