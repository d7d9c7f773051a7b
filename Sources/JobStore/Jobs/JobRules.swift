import JobModel
import PostgresClient

extension JobStore {
  /// Ends jobs that are past their deadline.
  func endLateJobs() async throws {
    for job in try await pool.run({ try $0.jobsPastDeadline() }) { try await endLate(job) }
  }

  /// Takes back tasks that stand still.
  func takeBackStalled() async throws {
    for (lease, seconds) in try await pool.run({ try $0.stalledTasks() }) {
      _ = try await fail(
        FailRequest(
          lease: lease,
          failure: TaskFailure(
            .transient, "no progress for \(Int(seconds)) s, which its job calls a standstill (stall_after)")))
    }
  }

  /// Submits the next of what repeats.
  func repeatJobs() async throws {
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

  /// However the job has ended, cancelled with one it waited for included: when a person cancels a job, that ends its
  /// series (`cancel`).
  private func submitSuccessor(of id: JobID) async throws {
    do {
      announce(
        try await pool.transaction { [knownLessons] session -> Admitted in
          guard let job = try session.lockJob(id), job.state.isFinal, try session.endRepetition(id) else {
            return .none
          }
          return try session.copyForNext(of: job, knownLessons)
        })
    } catch let error as PostgresError where error.isOfRepeatedKey {
      // Another job has taken its unique key at this moment; the next tick tries again.
    }
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

  /// Notes that nothing follows the job of itself. The job is locked by the caller. (Primary key of jobs.)
  /// - Returns: false for one that does not repeat, or when someone else has done so.
  func endRepetition(_ job: JobID) throws -> Bool {
    try execute(
      "UPDATE jobs SET cron_done = true WHERE id = $1 AND cron IS NOT NULL AND NOT cron_done", job
    ).affected == 1
  }

  /// Its series ends with the job, unless somebody retries that. (Primary key of jobs.)
  func endSeries(of job: LockedJob, by caller: Caller? = nil, because why: String) throws {
    try execute("UPDATE jobs SET cron_ended = true WHERE id = $1", job.id)
    try noteEvent(
      "job-series-ended", lab: job.lab, job: job.id, user: caller?.user,
      message: "no other job follows: \(why)")
  }

  /// The same job for the next moment of its schedule. What it waited for is not repeated. Where there is no such
  /// moment, or its user may submit no jobs any more, or none like it, its series ends. (Primary keys of jobs, users and
  /// labs.)
  /// - Returns: what became ready; nothing where another job has its unique key either: then the next tick tries again.
  fileprivate func copyForNext(of job: LockedJob, _ known: KnownLessons) throws -> Admitted {
    let row = try execute(
      """
      SELECT j.spec, j.user_id, j.confinement, date_part('epoch', now()) AS now, u.name AS user_name, u.role,
        u.disabled_at IS NOT NULL AS is_shut_out, l.name AS lab_name, l.closed_at IS NOT NULL AS is_closed
      FROM jobs j JOIN users u ON u.id = j.user_id JOIN labs l ON l.id = j.lab_id WHERE j.id = $1
      """, job.id
    ).only()
    if let why = try Self.endOfSeries(row) {
      try endSeries(of: job, because: why)
      return .none
    }
    var spec: JobSpec = try row.json("spec")
    let now: Double = try row.get("now")
    guard let next = spec.cron.flatMap(CronSchedule.init)?.next(after: now) else {
      try endSeries(of: job, because: "no moment to come fits its schedule")
      return .none
    }
    spec.at = next
    spec.after = []
    if let refusal = spec.refusal {
      try endSeries(of: job, because: refusal)
      return .none
    }
    let new = try NewJob(
      spec, lab: job.lab, user: try row.get("user_id"), confinement: try row.jsonIfPresent("confinement"),
      moment: next, note: "\(spec.name), as job \(job.id) repeats")
    guard let made = try create([new], known)[0] else {
      try execute("UPDATE jobs SET cron_done = false WHERE id = $1", job.id)
      return .none
    }
    return made.admitted
  }

  /// Why nobody could submit the next job now; nil when its user could.
  private static func endOfSeries(_ row: Rows.Row) throws -> String? {
    if try row.get("is_closed") { return "lab \(try row.get("lab_name", as: String.self)) is closed" }
    let role: Role = try row.name("role")
    if try row.get("is_shut_out") || !role.scopes.contains(.submit) {
      return "its user \(try row.get("user_name", as: String.self)) may submit no jobs any more"
    }
    return nil
  }
}
