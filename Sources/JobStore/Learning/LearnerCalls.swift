public import JobModel
import PostgresClient

/// What a learner asks of the ledger. Every call is fenced by the lease of its learn task, so a run has one
/// learner; the run is the task's job.
extension JobStore {
  /// Opens rollout tasks for ordinals that have none and no group that can be learnt from: asking again changes
  /// nothing.
  /// - Throws: `StoreError.invalid` for a policy version that is not the run's, or is already too old, and for ordinals
  ///   of steps so far ahead that their groups would be.
  public func openRollouts(_ request: OpenRolloutsRequest) async throws -> OpenRolloutsReply {
    let (reply, admitted) = try await pool.transaction { session -> (OpenRolloutsReply, Admitted) in
      guard let task = try session.holdLearner(request.lease) else {
        return (OpenRolloutsReply(outcome: .stale, opened: 0), .none)
      }
      let run = task.job.id
      try session.checkAdmission(of: request, run: run)
      let closed = try session.ordinalsToOpen(request.rollouts.map(\.ordinal), run: run)
      var seen: Set<Int64> = []
      let new = request.rollouts.filter { closed.contains($0.ordinal) && seen.insert($0.ordinal).inserted }
      try session.insertTasks(
        new.map {
          NewTask(
            kind: .rolloutGroup, stage: task.stage, payload: $0.payload, ordinal: $0.ordinal)
        }, job: run)
      return (
        OpenRolloutsReply(
          outcome: .accepted, opened: new.count,
          reopened: try session.staleGroups(among: new.map(\.ordinal), run: run)),
        try session.admit(task.job)
      )
    }
    announce(admitted)
    return reply
  }

  /// The groups of a range of ordinals that are committed so far.
  public func committedGroups(_ request: CommittedGroupsRequest) async throws -> CommittedGroupsReply {
    let (distance, isTooFar) = request.through.subtractingReportingOverflow(request.from)
    guard distance >= 0, distance < 100_000, !isTooFar else {
      throw StoreError.invalid(
        "ordinals \(request.from) to \(request.through) are no range of 1 to 100000 groups")
    }
    return try await pool.transaction { session in
      guard let run = try session.runRead(under: request.lease) else {
        return CommittedGroupsReply(outcome: .stale, groups: [])
      }
      return CommittedGroupsReply(
        outcome: .accepted, groups: try session.groups(of: run, from: request.from, through: request.through))
    }
  }

  /// Announces a version that belongs to no step: the one the run starts from. Announcing it again is accepted when the hash
  /// is the same.
  public func announceVersion(_ request: AnnounceVersionRequest) async throws -> WriteReply {
    try await pool.transaction { session in
      guard let task = try session.holdLearner(request.lease) else { return WriteReply(outcome: .stale) }
      guard try session.insertVersion(request.version, run: task.job.id, epoch: task.epoch) else {
        throw StoreError.conflict(
          "version \(request.version.number) of run \(task.job.id) exists with another hash")
      }
      return WriteReply(outcome: .accepted)
    }
  }

  /// Records a step: all or nothing of consuming its groups, the step itself and the version it made, if any.
  ///
  /// Only the step after the last can be recorded; each group is consumed once; none may be more versions behind
  /// the step's input than the job's staleness allows. Groups that no later step could learn from are marked as stale.
  public func recordStep(_ request: RecordStepRequest) async throws -> RecordStepReply {
    let step = request.step
    guard step.step >= 1, step.inputVersion >= 0, step.outputVersion >= 0 else {
      throw StoreError.invalid(
        "steps count from 1 and versions from 0; found step \(step.step) from version \(step.inputVersion) to "
          + "\(step.outputVersion)")
    }
    guard Set(step.ordinals).count == step.ordinals.count else {
      throw StoreError.invalid("step \(step.step) names an ordinal twice")
    }
    if let version = request.version, version.number != step.outputVersion {
      throw StoreError.invalid(
        "step \(step.step) makes version \(step.outputVersion), but announces \(version.number)")
    }
    do {
      return try await pool.transaction { session in
        guard let task = try session.holdLearner(request.lease) else {
          return RecordStepReply(outcome: .stale)
        }
        let run = task.job.id
        guard try session.lastStep(of: run) == step.step - 1 else {
          return RecordStepReply(outcome: .alreadyRecorded)
        }
        let plan = try session.rolloutPlan(of: run)
        let consumed = try session.consume(
          step.ordinals, run: run, step: step.step, oldestVersion: plan.oldestVersion(at: step.inputVersion))
        guard consumed == step.ordinals.count else { throw GroupsUnavailable() }
        try session.insertStep(step, run: run, epoch: task.epoch)
        if let version = request.version, !(try session.insertVersion(version, run: run, epoch: task.epoch)) {
          throw StoreError.conflict("version \(version.number) of run \(run) exists with another hash")
        }
        try session.markStale(in: task.job, after: step.step, plan: plan, version: step.outputVersion)
        let forked = try session.forkedSteps(of: task.job)
        return RecordStepReply(outcome: .recorded, forkedSteps: forked.isEmpty ? nil : forked)
      }
    } catch is GroupsUnavailable {
      return RecordStepReply(outcome: .groupsUnavailable)
    }
  }

  /// What a learner needs to go on where the last one stopped.
  public func runState(_ request: RunStateRequest) async throws -> RunState {
    try await pool.transaction { session in
      guard let run = try session.runRead(under: request.lease) else {
        return RunState(outcome: .stale, lastStep: 0, versions: [], steps: [])
      }
      return RunState(
        outcome: .accepted, lastStep: try session.lastStep(of: run), versions: try session.versions(of: run),
        steps: try session.steps(of: run, after: request.afterStep))
    }
  }
}

/// Takes a transaction back whose groups could not all be consumed.
private struct GroupsUnavailable: Error {}

extension Session {
  fileprivate func holdLearner(_ lease: Lease) throws -> HeldTask? {
    guard let task = try hold(lease) else { return nil }
    guard task.kind == .learn else {
      throw StoreError.invalid("task \(task.id) is a \(task.kind.rawValue) task, not a learner")
    }
    return task
  }

  /// The run whose ledger a lease may read: that of any running task of the job. Nothing is locked.
  fileprivate func runRead(under lease: Lease) throws -> JobID? {
    try execute(
      "SELECT job_id FROM tasks WHERE id = $1 AND lease_epoch = $2 AND state = 'running'", lease.task,
      lease.epoch
    ).first.map { try $0.get("job_id") }
  }
}
