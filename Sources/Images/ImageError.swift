/// An image that could not be read or written: which one, and why.
public struct ImageError: Error, Equatable, CustomStringConvertible {
  /// The path, or the name the caller gave to bytes.
  public let name: String
  public let reason: String

  public init(name: String, reason: String) {
    self.name = name
    self.reason = reason
  }

  public var description: String { "\(name): \(reason)" }
}
