public import JobModel
public import OrderedJSON

/// Does the work of some kinds of tasks.
///
/// An executor may block and compute as it likes: `run` starts on a thread of its own (see
/// `DedicatedThread`), and heartbeats do not depend on it. Code in a task that it spawns without structure
/// (`Task { }`) has no such thread.
public protocol TaskExecutor: Sendable {
  /// The kinds of jobs whose tasks it takes; all, if not given.
  var jobKinds: [JobKind] { get }
  /// The kinds of tasks it takes.
  var kinds: [TaskKind] { get }

  /// What it has in memory, by `CheckpointKey`: tasks that need it come here rather than elsewhere. Asked at any time,
  /// whatever a task computes.
  var loadedCheckpoints: [String] { get }

  /// Whether it watches `context.isAskedToYield` and, when asked, saves its work and throws `TaskStopped`. A task of an
  /// executor that does not is stopped at once.
  var savesOnRequest: Bool { get }

  /// Lets go of a GPU with all it has in memory there. It may wait for the end of a task that computes there.
  func letGo(ofDevice device: Int) async

  /// Does the task. What it returns is committed in one transaction if the lease still holds, else discarded.
  ///
  /// - Throws: `TaskError` with a class that decides about another try and a message a person can act on;
  ///   `TaskStopped` from `context.checkCancellation()` after it was told to stop. Any other error counts as
  ///   `transient`.
  func run(_ task: ClaimedTask, context: TaskContext) async throws -> TaskOutcome
}

extension TaskExecutor {
  public var jobKinds: [JobKind] { JobKind.allCases }
  public var savesOnRequest: Bool { false }
  public var loadedCheckpoints: [String] { [] }
  public func letGo(ofDevice device: Int) async {}
}

/// What a finished task leaves.
public struct TaskOutcome: Sendable {
  public var result: JSON
  /// Tasks to create in the same transaction.
  public var spawn: [NewTask]
  /// Items for tasks that are made as workers come for them.
  public var range: NewRange?
  /// Files that readers may trust from then on; their paths contain the epoch.
  public var artifacts: [Artifact]
  /// The groups of a rollout task.
  public var groups: [RolloutGroup]

  public init(
    result: JSON = .object([]), spawn: [NewTask] = [], range: NewRange? = nil,
    artifacts: [Artifact] = [], groups: [RolloutGroup] = []
  ) {
    self.result = result
    self.spawn = spawn
    self.range = range
    self.artifacts = artifacts
    self.groups = groups
  }
}

/// A failure of a task, as an executor throws it.
public struct TaskError: Error, CustomStringConvertible {
  public var failure: TaskFailure

  /// - Parameter message: what was wrong with which input and what to do, in one or two sentences.
  public init(_ failureClass: FailureClass, _ message: String, detail: String? = nil) {
    failure = TaskFailure(failureClass, message, detail: detail)
  }

  public var description: String { failure.message }
}

/// Why a task shall end before it is done. Its output is discarded in every case.
public enum StopReason: String, Sendable, Equatable {
  /// A person cancelled the job.
  case cancelled
  /// The lease went to someone else, or can no longer be trusted.
  case leaseLost = "lease lost"
  /// The worker shuts down and has given the lease back.
  case draining
  /// Others are due its place.
  case preempted
}

/// Thrown by `TaskContext.checkCancellation()`.
public struct TaskStopped: Error, Equatable, CustomStringConvertible {
  public let reason: StopReason
  public init(reason: StopReason) { self.reason = reason }
  public var description: String { "stopped: \(reason.rawValue)" }
}
