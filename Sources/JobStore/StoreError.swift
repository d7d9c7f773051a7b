/// Why the store did not do what was asked, where the database itself is well.
public enum StoreError: Error, Sendable, Equatable, CustomStringConvertible {
  /// No such thing in the caller's lab; another lab's things do not exist for it.
  case notFound(String)
  /// The thing is in a state that does not allow this.
  case conflict(String)
  /// The request contradicts itself or the records.
  case invalid(String)
  /// The caller's role does not reach so far.
  case forbidden(String)

  public var description: String {
    switch self {
    case .notFound(let message), .conflict(let message), .invalid(let message), .forbidden(let message):
      message
    }
  }

  static func noJob(_ id: Int64) -> StoreError { .notFound("there is no job \(id) in this lab") }
}
