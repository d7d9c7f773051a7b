import JobModel
import PostgresClient

/// What a transaction that changes a job's tasks needs to know about the job, locked until it ends.
struct LockedJob {
  let id: JobID
  let lab: LabID
  let state: JobState
  let priority: Int
  let maxAttempts: Int
}

extension Session {
  /// Locks the job; NO KEY, because tasks that refer to it may be inserted meanwhile. (Primary key of jobs.)
  func lockJob(_ id: JobID) throws -> LockedJob? {
    try execute(
      """
      SELECT id, lab_id, state, priority, max_attempts FROM jobs WHERE id = $1 FOR NO KEY UPDATE
      """, id
    ).first.map(Self.lockedJob)
  }

  /// Locks the job if it belongs to the lab. (Primary key of jobs.)
  func lockJob(_ id: JobID, lab: LabID) throws -> LockedJob {
    let row = try execute(
      """
      SELECT id, lab_id, state, priority, max_attempts FROM jobs
      WHERE id = $1 AND lab_id = $2 FOR NO KEY UPDATE
      """, id, lab
    ).first
    guard let row else { throw StoreError.noJob(id) }
    return try Self.lockedJob(row)
  }

  /// Locks the job of a task; nil when there is no such task. (Primary keys of tasks and jobs.)
  func lockJob(ofTask task: TaskID) throws -> LockedJob? {
    try execute(
      """
      SELECT j.id, j.lab_id, j.state, j.priority, j.max_attempts
      FROM tasks t JOIN jobs j ON j.id = t.job_id WHERE t.id = $1 FOR NO KEY UPDATE OF j
      """, task
    ).first.map(Self.lockedJob)
  }

  /// Locks jobs in the order of their ids, as every transaction that locks several does.
  func lockJobs(_ ids: [JobID]) throws -> [JobID: LockedJob] {
    let jobs = try execute(
      """
      SELECT id, lab_id, state, priority, max_attempts FROM jobs
      WHERE id = ANY($1::bigint[]) ORDER BY id FOR NO KEY UPDATE
      """, ids
    ).map(Self.lockedJob)
    return Dictionary(uniqueKeysWithValues: jobs.map { ($0.id, $0) })
  }

  private static func lockedJob(_ row: Rows.Row) throws -> LockedJob {
    LockedJob(
      id: try row.get("id"), lab: try row.get("lab_id"), state: try row.name("state"),
      priority: try row.get("priority"), maxAttempts: try row.get("max_attempts"))
  }

  /// Brings a job's state in line with its tasks: running, or succeeded when nothing is left to do.
  /// (Index tasks_unfinished.)
  /// - Returns: how many tasks of jobs that waited for it became ready or wait for the leader.
  func settle(_ job: LockedJob) throws -> Int {
    let left: Bool = try execute(
      """
      SELECT EXISTS (SELECT 1 FROM tasks
        WHERE job_id = $1 AND state IN ('blocked', 'ready', 'running')) AS left_over
      """, job.id
    ).only().get("left_over")
    if left {
      if job.state == .queued { try setRunning(job) }
    } else if !job.state.isFinal {
      try execute(
        """
        UPDATE jobs SET state = 'succeeded', started_at = coalesce(started_at, now()), finished_at = now()
        WHERE id = $1
        """, job.id)
      try noteEvent("job-succeeded", lab: job.lab, job: job.id, message: "all tasks succeeded")
      return try admitDependents(of: job.id)
    }
    return 0
  }

  /// For a job that was locked when its first task was claimed.
  private func setRunning(_ job: LockedJob) throws {
    try execute(
      "UPDATE jobs SET state = 'running', started_at = coalesce(started_at, now()) WHERE id = $1", job.id)
    try noteStart(of: job.id, lab: job.lab)
  }

  /// Fails or cancels a job and withdraws everything of it that is not over, and the jobs that wait for it.
  func end(_ job: LockedJob, as state: JobState, failure: TaskFailure) throws {
    try endAlone(job, as: state, failure: failure)
    try cancelDependents(of: job, as: state)
  }

  func endAlone(_ job: LockedJob, as state: JobState, failure: TaskFailure) throws {
    try withdrawTasks(of: job.id)
    try execute(
      """
      UPDATE jobs SET state = $2, finished_at = now(), failure_class = $3, failure_message = $4,
        failure_detail = $5
      WHERE id = $1
      """, job.id, state.rawValue, failure.failureClass.rawValue, StoredJSON.clean(failure.message),
      failure.detail.map(StoredJSON.clean))
  }

  /// Cancels all unfinished tasks of a job. Ready rows go first: whoever is claiming one has it locked, and is
  /// waited for. (Indices ready_of_job, tasks_unfinished.)
  func withdrawTasks(of job: JobID) throws {
    try execute("DELETE FROM ready WHERE job_id = $1", job)
    try chargeRunning(of: job)
    try execute(
      """
      UPDATE tasks SET state = 'cancelled', lease_epoch = lease_epoch + 1, finished_at = now()
      WHERE job_id = $1 AND state IN ('blocked', 'ready', 'running')
      """, job)
  }
}
