import CoordinatorClient
public import JobModel
import Synchronization

/// What an executor has of the world outside while it does one task. Safe to use from any thread; the plain
/// functions return at once, so model code may call them in its inner loop.
public final class TaskContext: Sendable {
  public let task: ClaimedTask
  /// Indices of the GPUs it shall use; empty for one that shall compute on the processor.
  public let devices: [Int]
  let logs: LogBuffer
  private let client: CoordinatorClient

  private struct State: Sendable {
    var stop: StopReason?
    var progress: TaskProgress?
    var isProgressNew = false
    var isAskedToYield = false
    var withheld: [Int: String] = [:]
  }
  private let state = Mutex(State())

  init(task: ClaimedTask, client: CoordinatorClient, devices: [Int] = []) {
    self.task = task
    self.devices = devices
    self.client = client
    logs = LogBuffer(lease: task.lease)
  }

  /// Refuses a file that the task's input names, if it lies where the job may not read. The paths among the job's own
  /// settings have been checked before the task began.
  public func checkMayRead(_ file: String) throws { try ConfinedFiles.check(file, of: task) }

  // MARK: Telling

  /// Adds a line to the job's log. Lines are kept by the coordinator and outlive this worker.
  public func log(_ text: String, stream: LogLine.Stream = .log) { logs.add(text, stream: stream) }

  /// Says how far the task is; sent with the next heartbeat.
  public func progress(_ progress: TaskProgress) {
    state.withLock { state in
      state.progress = progress
      state.isProgressNew = true
    }
  }

  /// Says of one of its GPUs that no other task is to get it before it has been opened anew, and why.
  public func withhold(_ device: Int, because reason: String) {
    state.withLock { $0.withheld[device] = reason }
  }

  var withheldDevices: [Int: String] { state.withLock { $0.withheld } }

  var latestProgress: TaskProgress? { state.withLock { $0.progress } }

  /// The progress that has not been sent yet.
  func takeNewProgress() -> TaskProgress? {
    state.withLock { state in
      defer { state.isProgressNew = false }
      return state.isProgressNew ? state.progress : nil
    }
  }

  /// Takes back progress whose heartbeat was lost, unless there is newer.
  func restore(_ progress: TaskProgress) {
    state.withLock { state in
      guard !state.isProgressNew else { return }
      state.isProgressNew = state.progress == progress
    }
  }

  // MARK: Stopping

  /// Why the task shall end, once it shall.
  public var stopReason: StopReason? { state.withLock { $0.stop } }

  public var isCancelled: Bool { stopReason != nil }

  /// Call it between steps of the work.
  public func checkCancellation() throws {
    if let reason = stopReason { throw TaskStopped(reason: reason) }
  }

  /// Others are due the task's place: save the work and throw `TaskStopped(reason: .preempted)`. Who does not within
  /// some minutes loses the lease.
  public var isAskedToYield: Bool { state.withLock { $0.isAskedToYield } }

  func askToYield() { state.withLock { $0.isAskedToYield = true } }

  /// The first reason counts.
  func stop(_ reason: StopReason) {
    state.withLock { state in
      if state.stop == nil { state.stop = reason }
    }
  }

  // MARK: The learner's calls

  /// Asks for groups to be generated; ordinals already open or committed stay as they are.
  public func openRollouts(
    version: Int, _ rollouts: [OpenRolloutsRequest.NewRollout]
  ) async throws -> OpenRolloutsReply {
    try checkCancellation()
    let reply = try await client.openRollouts(
      OpenRolloutsRequest(lease: task.lease, version: version, rollouts: rollouts))
    try require(reply.outcome)
    return reply
  }

  /// The committed groups with these ordinals, by ordinal.
  /// - Parameter waiting: suspends until all of them are there.
  public func groups(from: Int64, through: Int64, waiting: Bool = true) async throws -> [RolloutGroup] {
    let wanted = Int(through - from + 1)
    guard wanted > 0 else { return [] }
    while true {
      try checkCancellation()
      let reply = try await client.groups(
        CommittedGroupsRequest(lease: task.lease, from: from, through: through),
        atLeast: waiting ? wanted : 0, waitSeconds: waiting ? 10 : 0)
      try require(reply.outcome)
      if !waiting || reply.groups.count >= wanted { return reply.groups }
    }
  }

  /// Records a step: consumes its groups and announces its version in one transaction.
  ///
  /// A step recorded by an earlier try of the same call, whose answer was lost, counts as recorded.
  public func recordStep(
    _ step: StepRecord, version: PolicyVersion?
  ) async throws -> RecordedStep {
    try checkCancellation()
    let reply = try await client.recordStep(
      RecordStepRequest(lease: task.lease, step: step, version: version))
    switch reply.outcome {
    case .stale:
      stop(.leaseLost)
      throw TaskStopped(reason: .leaseLost)
    case .alreadyRecorded:
      let state = try await runState(afterStep: step.step - 1)
      if let recorded = state.steps.first(where: { $0.step == step.step }),
        recorded.ordinals == step.ordinals,
        version.map({ version in
          state.versions.contains { $0.number == version.number && $0.sha256 == version.sha256 }
        }) ?? true
      {
        return RecordedStep(outcome: .recorded, forkedSteps: nil)
      }
      return RecordedStep(outcome: .alreadyRecorded, forkedSteps: nil)
    case .recorded, .groupsUnavailable:
      return RecordedStep(outcome: reply.outcome, forkedSteps: reply.forkedSteps ?? [])
    }
  }

  /// What became of a step.
  public struct RecordedStep: Sendable {
    public let outcome: RecordStepReply.Outcome
    /// Steps whose full states other trainings go on from; nil when the answer that said so was lost.
    public let forkedSteps: [Int]?
  }

  /// Announces a version that belongs to no step: the one the run starts from.
  public func announceVersion(_ version: PolicyVersion) async throws {
    try checkCancellation()
    try require(
      await client.announceVersion(AnnounceVersionRequest(lease: task.lease, version: version)).outcome)
  }

  /// What the run has reached, for a learner that goes on where another stopped.
  public func runState(afterStep: Int = 0) async throws -> RunState {
    try checkCancellation()
    let state = try await client.runState(RunStateRequest(lease: task.lease, afterStep: afterStep))
    try require(state.outcome)
    return state
  }

  // MARK: The report's calls

  /// The trusted files of the job's finished tasks.
  public func artifacts() async throws -> [Artifact] { try await job().artifacts }

  /// The job around the task: its other tasks with their results, and its trusted files.
  public func job() async throws -> JobDetail {
    try checkCancellation()
    do {
      return try await client.job(of: task)
    } catch let error as CoordinatorError where error.kind == .conflict {
      stop(.leaseLost)
      throw TaskStopped(reason: .leaseLost)
    }
  }

  private func require(_ outcome: WriteOutcome) throws {
    guard outcome == .stale else { return }
    stop(.leaseLost)
    throw TaskStopped(reason: .leaseLost)
  }
}
