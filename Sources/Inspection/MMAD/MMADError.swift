/// A benchmark folder or file that cannot be used: what, where, and what to do.
public struct MMADError: Error, CustomStringConvertible, Equatable {
  public let message: String
  public var description: String { message }
}
