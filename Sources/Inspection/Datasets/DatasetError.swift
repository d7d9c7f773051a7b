/// A data set's folder or file that cannot be used: what, where, and what to do.
public struct DatasetError: Error, CustomStringConvertible, Equatable {
  public let message: String
  public var description: String { message }

  public init(message: String) { self.message = message }
}
