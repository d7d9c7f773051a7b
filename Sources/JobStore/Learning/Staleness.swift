import JobModel
import OrderedJSON
import PostgresClient

/// How old groups may be: looked at when they are asked for, when they arrive and when they are learnt from. One that
/// has become too old is marked and stays; its ordinal may be answered anew.
extension Session {
  /// (Primary key of jobs.)
  func rolloutPlan(of run: JobID) throws -> RolloutPlan {
    let spec: JobSpec = try execute("SELECT spec FROM jobs WHERE id = $1", run).only().json("spec")
    guard case .train(let settings) = spec.settings else {
      throw StoreError.invalid("job \(run) is no training and has no rollouts of its own")
    }
    return RolloutPlan(settings)
  }

  /// Refuses groups that would be too old for their step, whoever answers them how fast.
  func checkAdmission(of request: OpenRolloutsRequest, run: JobID) throws {
    let plan = try rolloutPlan(of: run)
    let newest = try lastStep(of: run)
    guard (plan.oldestVersion(at: newest)...newest).contains(request.version) else {
      throw StoreError.invalid(
        "version \(request.version) cannot answer for run \(run), whose newest is \(newest) and whose staleness is "
          + "\(plan.staleness)")
    }
    for rollout in request.rollouts {
      guard let place = Int(exactly: rollout.ordinal), plan.admits(place: place, version: request.version)
      else {
        throw StoreError.invalid(
          "ordinal \(rollout.ordinal) belongs to no step up to \(request.version + 1 + plan.staleness), as far as "
            + "version \(request.version) of run \(run) may answer ahead")
      }
    }
  }

  /// Ordinals without an unfinished task and without a group that can be learnt from. (Indices tasks_ordinal and
  /// rollout_groups_ordinal.)
  func ordinalsToOpen(_ ordinals: [Int64], run: JobID) throws -> Set<Int64> {
    Set(
      try execute(
        """
        SELECT wanted FROM unnest($2::bigint[]) AS wanted
        WHERE NOT EXISTS (SELECT 1 FROM tasks
            WHERE job_id = $1 AND kind = 'rollout-group' AND ordinal = wanted AND finished_at IS NULL)
          AND NOT EXISTS (SELECT 1 FROM rollout_groups
            WHERE run_id = $1 AND ordinal = wanted AND stale_after IS NULL)
        """, run, ordinals
      ).map { try $0.get("wanted") })
  }

  /// How many of these ordinals have a group that became too old. (Index rollout_groups_stale.)
  func staleGroups(among ordinals: [Int64], run: JobID) throws -> Int {
    try execute(
      """
      SELECT count(DISTINCT ordinal) AS count FROM rollout_groups
      WHERE run_id = $1 AND ordinal = ANY($2::bigint[]) AND stale_after IS NOT NULL
      """, run, ordinals
    ).only().get("count")
  }

  /// Marks the groups that no step from `version` on may learn from. (Index rollout_groups_waiting.)
  func markStale(in job: LockedJob, after step: Int, plan: RolloutPlan, version: Int) throws {
    let marked = try execute(
      """
      UPDATE rollout_groups SET stale_after = $2
      WHERE run_id = $1 AND consumed_step IS NULL AND stale_after IS NULL AND behaviour_version < $3
      """, job.id, step, plan.oldestVersion(at: version)
    ).affected
    if marked > 0 { try noteStale(marked, in: job, after: step) }
  }

  /// Marks a group that came too late to be learnt from.
  func markStaleOnArrival(_ group: RolloutGroup, of job: LockedJob) throws {
    let newest = try lastStep(of: group.run)
    // Nothing can be too old before there was a step.
    guard newest > 0, group.behaviourVersion < newest else { return }
    try markStale(
      in: job, after: newest, plan: try rolloutPlan(of: group.run), version: newest)
  }

  private func noteStale(_ count: Int, in job: LockedJob, after step: Int) throws {
    try noteEvent(
      "groups-stale", lab: job.lab, job: job.id,
      message: "\(count) groups are too old to be learnt from after step \(step); they stay in the ledger")
  }
}
