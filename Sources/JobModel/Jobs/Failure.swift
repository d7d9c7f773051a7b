/// Why a task failed, in the terms that decide what happens next.
public enum FailureClass: String, Codable, Sendable, Equatable, CaseIterable {
  /// The job asks for something impossible (a missing file, a wrong setting): trying again cannot help.
  case userError = "user-error"
  case outOfMemory = "out-of-memory"
  /// Something outside the task failed (a full disk, an unreachable file system): trying later can help.
  case transient
  /// One element of the input breaks the executor.
  case poisonInput = "poison-input"
  /// The lease was lost or given back through no fault of the task: costs no attempt.
  case interrupted
}

/// A failure as a worker reports it and a person reads it.
public struct TaskFailure: Codable, Sendable, Equatable {
  public var failureClass: FailureClass
  /// What was wrong with which input and what to do, in one or two sentences.
  public var message: String
  /// More for whoever investigates: a trace, the worker's last words.
  public var detail: String?

  public init(_ failureClass: FailureClass, _ message: String, detail: String? = nil) {
    self.failureClass = failureClass
    self.message = message
    self.detail = detail
  }

  enum CodingKeys: String, CodingKey {
    case failureClass = "class"
    case message, detail
  }
}

/// Decides whether a failed task is tried again.
public struct RetryPolicy: Codable, Sendable, Equatable {
  /// The first backoff in seconds; it doubles with every further attempt.
  public var firstDelay: Double
  public var longestDelay: Double
  /// After this many interruptions a task counts as one that kills its workers, and fails.
  public var interruptionCap: Int

  public init(firstDelay: Double = 2, longestDelay: Double = 300, interruptionCap: Int = 20) {
    self.firstDelay = firstDelay
    self.longestDelay = longestDelay
    self.interruptionCap = interruptionCap
  }

  public enum Decision: Sendable, Equatable {
    /// Ready again after this many seconds.
    case retry(after: Double)
    /// As `retry`, and the attempt does not count.
    case requeue
    case giveUp
    /// The range of items is tried in two halves, each with all its attempts.
    case split
    /// The item is taken out, and the task counts as done.
    case quarantine
  }

  /// A range of items that was interrupted so often may hold one that kills its workers. An executor that finds such
  /// items by itself has had its tries by then.
  public static let interruptionsBeforeSplit = 8

  /// - Parameters:
  ///   - attempt: the number of the attempt that failed, from 1.
  ///   - interruptions: how often the task had been interrupted before.
  ///   - items: how many items of the input it works on, where others can do without them; nil where they cannot.
  public func decision(
    for failureClass: FailureClass, attempt: Int, maxAttempts: Int, interruptions: Int, items: Int? = nil
  ) -> Decision {
    switch failureClass {
    case .userError: return .giveUp
    case .poisonInput where items != nil: return items == 1 ? .quarantine : .split
    case .interrupted:
      if let items, items > 1, interruptions + 1 >= min(Self.interruptionsBeforeSplit, interruptionCap) {
        return .split
      }
      guard interruptions + 1 >= interruptionCap else { return .requeue }
      return items == 1 ? .quarantine : .giveUp
    case .outOfMemory, .transient, .poisonInput:
      guard attempt < maxAttempts else { return .giveUp }
      var delay = firstDelay
      for _ in 1..<max(attempt, 1) where delay < longestDelay { delay *= 2 }
      return .retry(after: min(delay, longestDelay))
    }
  }
}
