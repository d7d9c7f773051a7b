/// What is wrong with a file of a model folder.
public struct ModelFileError: Error, Equatable, CustomStringConvertible {
  public let file: String
  /// What was expected, what is there and, where it is not obvious, what to do.
  public let problem: String

  public init(file: String, problem: String) {
    self.file = file
    self.problem = problem
  }

  public var description: String { "\(file): \(problem)" }
}
