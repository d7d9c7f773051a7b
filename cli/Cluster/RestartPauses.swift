/// How long to wait before a process that ended by itself is started again: one that keeps dying at once is tried less and
/// less often.
struct RestartPauses {
  private static let shortest: Duration = .milliseconds(200)
  private static let longest: Duration = .seconds(30)

  private(set) var next = shortest

  /// - Parameter life: how long the process ran.
  mutating func ended(after life: Duration) {
    next = life > .seconds(2) ? Self.shortest : min(Self.longest, next * 2)
  }

  /// It could not be started.
  mutating func failed() { next = min(Self.longest, next * 2) }
}
