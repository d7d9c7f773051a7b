public import JobModel
import PostgresClient

extension JobStore {
  /// The groups a step of a training job learnt from, in the order of their use.
  ///
  /// (Primary key of learner_steps, index rollout_groups_ordinal.)
  /// - Throws: `StoreError` when the lab has no such job, or the job no such step.
  public func groups(of job: JobID, step: Int, lab: LabID) async throws -> [RolloutGroup] {
    try await pool.transaction { session in
      try session.check(job: job, lab: lab)
      let found = try session.execute(
        "SELECT ordinals FROM learner_steps WHERE run_id = $1 AND step = $2", job, step)
      guard let row = found.first else {
        let last = try session.lastStep(of: job)
        throw StoreError.invalid(
          "job \(job) has recorded no step \(step); "
            + (last == 0 ? "it has recorded none yet" : "it has recorded steps 1 to \(last)"))
      }
      return try session.groups(of: job, try row.get("ordinals"))
    }
  }
}
