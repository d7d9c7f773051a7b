public import OrderedJSON

public struct CompleteRequest: Codable, Sendable, Equatable {
  public var lease: Lease
  public var result: JSON
  /// Tasks to create in the same transaction.
  public var spawn: [NewTask]
  /// Items for tasks to be made of later.
  public var range: NewRange?
  public var artifacts: [Artifact]
  /// The groups of a rollout task: those not stored yet are stored in the same transaction.
  public var groups: [RolloutGroup]
  /// The last progress, so that a finished task reads as finished.
  public var progress: TaskProgress?

  public init(
    lease: Lease, result: JSON = .object([]), spawn: [NewTask] = [], range: NewRange? = nil,
    artifacts: [Artifact] = [], groups: [RolloutGroup] = [], progress: TaskProgress? = nil
  ) {
    self.lease = lease
    self.result = result
    self.spawn = spawn
    self.range = range
    self.artifacts = artifacts
    self.groups = groups
    self.progress = progress
  }
}

/// Ends many tasks at once, and asks for the next ones. Each has its own outcome.
public struct CompleteTasksRequest: Codable, Sendable, Equatable {
  /// The most in one request.
  public static let most = 1_000

  public var tasks: [CompleteRequest]
  /// What the worker takes then. The coordinator does not wait for work.
  public var next: ClaimRequest?

  public init(tasks: [CompleteRequest], next: ClaimRequest? = nil) {
    self.tasks = tasks
    self.next = next
  }
}

public struct CompleteTasksReply: Codable, Sendable, Equatable {
  /// In the order of the request.
  public var results: [CompletionResult]
  /// Where the next ones were asked for.
  public var next: ClaimReply?

  public init(results: [CompletionResult], next: ClaimReply? = nil) {
    self.results = results
    self.next = next
  }
}

public struct CompletionResult: Codable, Sendable, Equatable {
  public var task: TaskID
  public var epoch: Epoch
  public var outcome: CompletionOutcome
  /// Why it was refused.
  public var message: String?

  public init(task: TaskID, epoch: Epoch, outcome: CompletionOutcome, message: String? = nil) {
    self.task = task
    self.epoch = epoch
    self.outcome = outcome
    self.message = message
  }
}

public enum CompletionOutcome: String, Codable, Sendable, Equatable, CaseIterable {
  case accepted
  /// The lease is over: nothing was written.
  case stale
  /// It contradicts the task: nothing was written, and the lease still holds.
  case refused
}

public struct FailRequest: Codable, Sendable, Equatable {
  public var lease: Lease
  public var failure: TaskFailure
  public init(lease: Lease, failure: TaskFailure) {
    self.lease = lease
    self.failure = failure
  }
}

public struct FailReply: Codable, Sendable, Equatable {
  public var outcome: WriteOutcome
  /// Seconds until the next attempt; nil when there will be none.
  public var retryAfter: Double?

  public init(outcome: WriteOutcome, retryAfter: Double?) {
    self.outcome = outcome
    self.retryAfter = retryAfter
  }

  enum CodingKeys: String, CodingKey {
    case outcome
    case retryAfter = "retry_after"
  }
}
