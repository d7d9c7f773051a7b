/// Why a GPU cannot be used, or what failed on it.
public struct CUDAError: Error, Sendable, CustomStringConvertible {
  public enum Kind: Sendable {
    /// No driver, library or device of this number.
    case notFound
    /// The device's memory does not suffice; what is in it can still be used.
    case outOfMemory
    /// A call of the driver or of a library failed; the device must not be used any more.
    case failed
  }

  public let kind: Kind
  public let reason: String

  init(_ kind: Kind, _ reason: String) {
    self.kind = kind
    self.reason = reason
  }

  public var description: String { reason }
}
