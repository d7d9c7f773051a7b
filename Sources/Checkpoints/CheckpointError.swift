/// What went wrong with a checkpoint, where, and what to do about it.
public struct CheckpointError: Error, CustomStringConvertible, Sendable, Equatable {
  public let description: String
  /// Whether it cannot be read; false for one that is whole and goes with another model.
  public let isDamage: Bool

  package init(_ description: String, isDamage: Bool = true) {
    self.description = description
    self.isDamage = isDamage
  }
}
