/// What can happen to a task. The database applies these; the rules are here so that they can be tested alone.
public enum TaskEvent: Sendable, Equatable, CaseIterable {
  /// Lower stages are done and no backoff runs.
  case admitted
  /// A worker session took the lease.
  case claimed
  case completed
  /// A failure that may be tried again.
  case failedForNow
  case failedForGood
  /// The worker gave the lease back unfinished.
  case released
  /// The worker fell silent.
  case reaped
  case cancelled
  /// A person asked for another try.
  case retried
}

extension TaskState {
  /// The state after `event`, or nil when the event cannot happen here.
  public func applying(_ event: TaskEvent) -> TaskState? {
    switch (self, event) {
    case (.blocked, .admitted): .ready
    case (.ready, .claimed): .running
    case (.running, .completed): .succeeded
    case (.running, .failedForNow): .blocked
    case (.running, .failedForGood): .failed
    case (.running, .released), (.running, .reaped): .ready
    case (.blocked, .cancelled), (.ready, .cancelled), (.running, .cancelled): .cancelled
    case (.failed, .retried), (.cancelled, .retried): .blocked
    default: nil
    }
  }
}
