/// What a look at one thing has shown.
public struct Finding: Codable, Sendable, Equatable {
  public enum Level: String, Codable, Sendable, Equatable, CaseIterable {
    case fine
    /// Works, and will not always.
    case warning
    /// Does not work, or loses what was acknowledged.
    case problem
  }

  public let level: Level
  /// What was looked at: "schema", "snapshots", "workers".
  public let subject: String
  /// What was seen, with its numbers.
  public let text: String
  /// What to do; nil when nothing is.
  public let advice: String?

  public init(_ level: Level, _ subject: String, _ text: String, advice: String? = nil) {
    self.level = level
    self.subject = subject
    self.text = text
    self.advice = advice
  }
}
