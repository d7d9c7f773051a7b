public import JobModel
import PostgresClient

extension JobStore {
  /// Changes a job's priority while it waits, or pauses it or lets it go on. What runs is left alone.
  public func change(_ id: JobID, _ request: ChangeJobRequest, by caller: Caller) async throws -> JobRecord {
    if let priority = request.priority, !(-100...100).contains(priority) {
      throw StoreError.invalid("a priority is a whole number from -100 to 100, found \(priority)")
    }
    let admitted = try await pool.transaction { session -> Admitted in
      let job = try session.lockJob(id, lab: caller.lab)
      guard !job.state.isFinal else {
        throw StoreError.conflict("job \(id) has \(job.state.rawValue); there is nothing left to change")
      }
      if let priority = request.priority, priority != job.priority {
        try session.setPriority(priority, of: id)
        try session.noteChange(
          "job-priority", of: caller.lab, job: id, by: caller,
          "\(job.priority) to \(priority) by \(caller.userName)", reason: request.reason)
      }
      var changed = Admitted.none
      if request.priority != nil { changed.lowest = .head }
      guard let paused = request.paused else { return changed }
      try session.setPaused(paused, of: id)
      try session.noteChange(
        paused ? "job-paused" : "job-resumed", of: caller.lab, job: id, by: caller, "by \(caller.userName)",
        reason: request.reason)
      if paused {
        try session.withdrawReady(of: id)
        return changed
      }
      return changed + (try session.lockJob(id).map { try session.admit($0) } ?? .none)
    }
    // As it is before anybody takes its tasks.
    let record = try await job(id, lab: caller.lab)
    announce(admitted)
    return record
  }

  /// Lets a worker finish what it has and gives it nothing more, or gives it work again.
  public func changeWorker(
    _ id: SessionID, _ request: ChangeWorkerRequest, by caller: Caller
  ) async throws -> WorkerRecord {
    try await pool.transaction { session in
      let changed = try session.execute(
        "UPDATE worker_sessions SET draining = $2 WHERE id = $1 AND state = 'alive' RETURNING name", id,
        request.draining
      ).first
      guard let changed else { throw StoreError.notFound("there is no live worker session \(id)") }
      try session.noteChange(
        request.draining ? "worker-draining" : "worker-resumed", by: caller,
        "session \(id): \(try changed.get("name", as: String.self)), by \(caller.userName)",
        reason: request.reason)
    }
    guard let worker = try await workers(lab: caller.lab, before: id + 1, limit: 1).workers.first else {
      throw StoreError.notFound("there is no worker session \(id)")
    }
    return worker
  }
}

extension Session {
  /// The specification says what holds, so the priority changes there too. (Primary key of jobs, index
  /// ready_of_job.)
  fileprivate func setPriority(_ priority: Int, of job: JobID) throws {
    try execute(
      """
      UPDATE jobs SET priority = $2::int, spec = jsonb_set(spec::jsonb, '{priority}', to_jsonb($2::int))::json
      WHERE id = $1
      """, job, priority)
    // While the leader decides about the order, ranks are his.
    try execute(
      """
      UPDATE ready SET rank = -$2::bigint FROM admission
      WHERE ready.job_id = $1 AND admission.id = 1 AND NOT admission.contended
      """, job, priority)
  }

  fileprivate func setPaused(_ paused: Bool, of job: JobID) throws {
    try execute(
      "UPDATE jobs SET paused_at = CASE WHEN $2 THEN coalesce(paused_at, now()) END WHERE id = $1", job,
      paused)
  }
}
