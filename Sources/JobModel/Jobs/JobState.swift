/// Where a job stands. It is derived from its tasks in the transaction that changes them.
public enum JobState: String, Codable, Sendable, Equatable, CaseIterable {
  case queued, running, succeeded, failed, cancelled

  /// Nothing leaves a final state, except that a person may retry a failed or cancelled job.
  public var isFinal: Bool { self == .succeeded || self == .failed || self == .cancelled }
}

/// Where a task stands.
public enum TaskState: String, Codable, Sendable, Equatable, CaseIterable {
  /// Waits for lower stages, or for the end of a backoff.
  case blocked
  /// May be claimed.
  case ready
  /// Leased to a worker session.
  case running
  case succeeded, failed, cancelled

  public var isFinal: Bool { self == .succeeded || self == .failed || self == .cancelled }
}

/// How many tasks of a job are in each state.
public struct TaskCounts: Codable, Sendable, Equatable {
  public var blocked = 0
  public var ready = 0
  public var running = 0
  public var succeeded = 0
  public var failed = 0
  public var cancelled = 0

  public init() {}

  public subscript(state: TaskState) -> Int {
    get {
      switch state {
      case .blocked: blocked
      case .ready: ready
      case .running: running
      case .succeeded: succeeded
      case .failed: failed
      case .cancelled: cancelled
      }
    }
    set {
      switch state {
      case .blocked: blocked = newValue
      case .ready: ready = newValue
      case .running: running = newValue
      case .succeeded: succeeded = newValue
      case .failed: failed = newValue
      case .cancelled: cancelled = newValue
      }
    }
  }

  public var total: Int { blocked + ready + running + succeeded + failed + cancelled }
  public var unfinished: Int { blocked + ready + running }
}

extension JobState {
  /// The state of a job whose tasks are counted by `counts`, once it has left `queued`.
  ///
  /// A failed task fails the job: its other tasks are cancelled in the same transaction, so `cancelled` tasks
  /// beside a failed one do not make the job cancelled.
  public static func derived(from counts: TaskCounts) -> JobState {
    if counts.failed > 0 { return .failed }
    if counts.running > 0 { return .running }
    if counts.unfinished > 0 { return counts.succeeded > 0 ? .running : .queued }
    return counts.cancelled > 0 && counts.succeeded == 0 ? .cancelled : .succeeded
  }
}
