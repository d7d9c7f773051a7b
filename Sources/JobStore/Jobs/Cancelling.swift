public import JobModel
import PostgresClient

extension JobStore {
  /// Cancels a job and all its unfinished tasks. Workers hear of it with their next heartbeat; what they commit
  /// until then is refused. Cancelling a cancelled job changes nothing. Of a repeating job no other follows.
  /// - Parameter reason: for whoever asks later why.
  public func cancel(_ id: JobID, by caller: Caller, reason: String? = nil) async throws -> JobRecord {
    try await pool.transaction { session in
      let job = try session.lockJob(id, lab: caller.lab)
      if job.state == .cancelled { return }
      guard !job.state.isFinal else {
        throw StoreError.conflict("job \(id) has \(job.state.rawValue) and cannot be cancelled")
      }
      try session.end(
        job, as: .cancelled,
        failure: TaskFailure(.interrupted, "cancelled by \(caller.userName)\(Session.why(reason))"))
      try session.noteChange(
        "job-cancelled", of: caller.lab, job: id, by: caller, "by \(caller.userName)", reason: reason)
      if try session.endRepetition(id) {
        try session.endSeries(of: job, by: caller, because: "cancelled by \(caller.userName)")
      }
    }
    return try await job(id, lab: caller.lab)
  }

  /// Tries a failed or cancelled job again: what succeeded stays, everything else starts over with all attempts. One that
  /// the rules of today would refuse is not begun again.
  /// - Parameter reason: for whoever asks later why.
  public func retry(_ id: JobID, by caller: Caller, reason: String? = nil) async throws -> JobRecord {
    let admitted = try await pool.transaction { session -> Admitted in
      let job = try session.lockJob(id, lab: caller.lab)
      guard job.state == .failed || job.state == .cancelled else {
        throw StoreError.conflict(
          "job \(id) is \(job.state.rawValue); only failed and cancelled jobs can be retried")
      }
      try session.checkRules(of: job)
      try session.checkUnique(of: job)
      try session.reopen(job.id)
      try session.noteChange(
        "job-retried", of: caller.lab, job: id, by: caller, "by \(caller.userName)", reason: reason)
      return try session.admit(job)
    }
    // As it is before anybody takes its tasks.
    let record = try await job(id, lab: caller.lab)
    announce(admitted)
    return record
  }
}

extension Session {
  /// (Primary key of jobs.)
  fileprivate func checkRules(of job: LockedJob) throws {
    let spec: JobSpec = try execute("SELECT spec FROM jobs WHERE id = $1", job.id).only().json("spec")
    if let refusal = spec.refusal {
      throw StoreError.conflict(
        "job \(job.id) cannot be tried again: \(refusal). 'ar1 clone \(job.id) --set key=value' submits it with what is "
          + "allowed")
    }
  }

  /// A job may not come back beside another one with its unique key. (Index jobs_unique.)
  fileprivate func checkUnique(of job: LockedJob) throws {
    let key = try execute(
      """
      SELECT j.unique_key FROM jobs j WHERE j.id = $1 AND EXISTS (SELECT 1 FROM jobs o
        WHERE o.lab_id = j.lab_id AND o.unique_key = j.unique_key AND o.finished_at IS NULL)
      """, job.id
    ).first.map { try $0.get("unique_key", as: String.self) }
    if let key { throw try uniqueConflict(key, lab: job.lab) }
  }

  /// One whose moment lies ahead waits for it as before. The series of a repeating job goes on with it where it had
  /// ended. (Primary keys of jobs, task_details and tasks.)
  fileprivate func reopen(_ job: JobID) throws {
    try execute(
      """
      UPDATE tasks t SET state = 'blocked', attempt = 0, interruptions = 0,
        not_before = (SELECT begins_at FROM jobs WHERE id = $1 AND begins_at > now()),
        finished_at = NULL, lease_epoch = lease_epoch + 1
      FROM task_details d WHERE d.job_id = $1 AND t.id = d.task_id AND t.state IN ('failed', 'cancelled')
      """, job)
    try execute("UPDATE task_ranges SET shut = false WHERE job_id = $1", job)
    try execute(
      """
      UPDATE jobs SET state = 'queued', finished_at = NULL, failure_class = NULL, failure_message = NULL,
        failure_detail = NULL, preemptions = 0, reserved_at = NULL,
        cron_done = cron_done AND NOT cron_ended, cron_ended = false,
        deadline_at = CASE WHEN deadline_at IS NOT NULL THEN
          now() + make_interval(secs => (spec ->> 'deadline')::float8) END
      WHERE id = $1
      """, job)
    try countDependencies(of: [job])
  }
}
