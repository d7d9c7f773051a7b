/// What went wrong with a checkpoint, where, and what to do about it.
public struct CheckpointError: Error, CustomStringConvertible, Sendable, Equatable {
  public let description: String

  package init(_ description: String) {
    self.description = description
  }
}
