/// Why a training step could not be taken.
public struct TrainingError: Error, CustomStringConvertible, Sendable, Equatable {
  public let description: String

  package init(_ description: String) {
    self.description = description
  }
}
