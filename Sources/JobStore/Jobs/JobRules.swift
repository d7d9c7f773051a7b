import JobModel
import PostgresClient

extension JobStore {
  /// The leader's look at the rules that jobs carry: ends what is past its deadline, takes back what stands still,
  /// and submits the next of what repeats.
  func enforceRules() async throws {
    for job in try await pool.run({ try $0.jobsPastDeadline() }) { try await endLate(job) }
    for (lease, seconds) in try await pool.run({ try $0.stalledTasks() }) {
      _ = try await fail(
        FailRequest(
          lease: lease,
          failure: TaskFailure(
            .transient, "no progress for \(Int(seconds)) s, which its job calls a standstill (stall_after)")))
    }
    for job in try await pool.run({ try $0.jobsToRepeat() }) { try await submitSuccessor(of: job) }
  }

  private func endLate(_ id: JobID) async throws {
    try await pool.transaction { session in
      guard let job = try session.lockJob(id), !job.state.isFinal else { return }
      let failure = TaskFailure(.interrupted, "it was not done by its deadline")
      try session.end(job, as: .failed, failure: failure)
      try session.noteEvent("job-failed", lab: job.lab, job: id, message: failure.message)
    }
  }

  /// A job that was cancelled by a person ends its series.
  private func submitSuccessor(of id: JobID) async throws {
    let (next, admitted): (JobID?, Admitted)
    do {
      (next, admitted) = try await pool.transaction { [knownLessons] session in
        guard let job = try session.lockJob(id), job.state.isFinal else { return (nil, .none) }
        guard try session.endRepetition(id), job.state != .cancelled else { return (nil, .none) }
        return try session.copyForNext(of: id, knownLessons)
      }
    } catch let error as PostgresError where error.isOfRepeatedKey {
      // Another job has taken its unique key at this moment; the next tick tries again.
      return
    }
    if next != nil { announce(admitted) }
  }
}

extension Session {
  /// (Index jobs_deadline.)
  fileprivate func jobsPastDeadline() throws -> [JobID] {
    try execute(
      "SELECT id FROM jobs WHERE finished_at IS NULL AND deadline_at < now() ORDER BY deadline_at LIMIT 100"
    ).map { try $0.get("id") }
  }

  /// (Indices jobs_watched, tasks_unfinished.)
  fileprivate func stalledTasks() throws -> [(Lease, Double)] {
    try execute(
      """
      SELECT t.id, t.lease_epoch, j.stall_seconds FROM jobs j CROSS JOIN LATERAL (
          -- OFFSET: job by job, or all unfinished tasks of all jobs would be looked at first.
          SELECT id, lease_epoch, claimed_at FROM tasks
          WHERE job_id = j.id AND finished_at IS NULL AND state = 'running' OFFSET 0) AS t
        JOIN task_details d ON d.job_id = j.id AND d.task_id = t.id
      WHERE j.finished_at IS NULL AND j.stall_seconds IS NOT NULL
        AND greatest(t.claimed_at, d.progress_at) < now() - make_interval(secs => j.stall_seconds) LIMIT 100
      """
    ).map {
      (Lease(task: try $0.get("id"), epoch: try $0.get("lease_epoch")), try $0.get("stall_seconds"))
    }
  }

  /// (Index jobs_repeating.)
  fileprivate func jobsToRepeat() throws -> [JobID] {
    try execute(
      "SELECT id FROM jobs WHERE cron IS NOT NULL AND NOT cron_done AND finished_at IS NOT NULL ORDER BY id LIMIT 100"
    ).map { try $0.get("id") }
  }

  /// - Returns: false when someone else has done so.
  fileprivate func endRepetition(_ job: JobID) throws -> Bool {
    try execute("UPDATE jobs SET cron_done = true WHERE id = $1 AND NOT cron_done", job).affected == 1
  }

  /// The same job for the next moment of its schedule. What it waited for is not repeated.
  /// - Returns: no job where there is no such moment, which ends the series, or where another job has its unique key; then
  ///   the next tick tries again.
  fileprivate func copyForNext(of id: JobID, _ known: KnownLessons) throws -> (JobID?, Admitted) {
    let row = try execute(
      "SELECT spec, lab_id, user_id, confinement, date_part('epoch', now()) AS now FROM jobs WHERE id = $1",
      id
    ).only()
    var spec: JobSpec = try row.json("spec")
    let now: Double = try row.get("now")
    guard let next = spec.cron.flatMap(CronSchedule.init)?.next(after: now) else { return (nil, .none) }
    spec.at = next
    spec.after = []
    let new = try NewJob(
      spec, lab: try row.get("lab_id"), user: try row.get("user_id"),
      confinement: try row.jsonIfPresent("confinement"), moment: next,
      note: "\(spec.name), as job \(id) repeats")
    guard let made = try create([new], known)[0] else {
      try execute("UPDATE jobs SET cron_done = false WHERE id = $1", id)
      return (nil, .none)
    }
    return (made.id, made.admitted)
  }
}
