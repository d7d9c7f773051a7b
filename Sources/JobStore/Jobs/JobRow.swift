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
  /// - Parameter lab: others' jobs are left out, and neither waited for nor held; nil locks any.
  func lockJobs(_ ids: [JobID], of lab: LabID? = nil) throws -> [JobID: LockedJob] {
    let jobs = try execute(
      """
      SELECT id, lab_id, state, priority, max_attempts FROM jobs
      WHERE id = ANY($1::bigint[]) AND ($2::bigint IS NULL OR lab_id = $2) ORDER BY id FOR NO KEY UPDATE
      """, ids, lab
    ).map(Self.lockedJob)
    return Dictionary(uniqueKeysWithValues: jobs.map { ($0.id, $0) })
  }

  static func lockedJob(_ row: Rows.Row) throws -> LockedJob {
    LockedJob(
      id: try row.get("id"), lab: try row.get("lab_id"), state: try row.name("state"),
      priority: try row.get("priority"), maxAttempts: try row.get("max_attempts"))
  }

  /// What follows for jobs when some of their tasks have ended: they are done, or their next tasks are admitted. Jobs of
  /// which nothing is left end together. (Primary key of jobs, indices tasks_unfinished, job_dependents, primary key of
  /// task_ranges.)
  func turn(_ jobs: [LockedJob]) throws -> Admitted {
    let open = jobs.filter { !$0.state.isFinal }
    guard !open.isEmpty else { return .none }
    let done = try execute(
      """
      WITH done AS (
        UPDATE jobs SET state = 'succeeded', started_at = coalesce(started_at, now()), finished_at = now()
        WHERE id = ANY($1::bigint[]) AND NOT EXISTS (SELECT 1 FROM tasks WHERE job_id = jobs.id AND finished_at IS NULL)
          AND NOT EXISTS (SELECT 1 FROM task_ranges WHERE job_id = jobs.id)
        RETURNING id, lab_id
      ), noted AS (
        INSERT INTO events (lab_id, job_id, kind, message)
        SELECT lab_id, id, 'job-succeeded', 'all tasks succeeded' FROM done
      )
      SELECT id, EXISTS (SELECT 1 FROM job_dependencies WHERE on_job_id = done.id) AS is_awaited FROM done
      """, open.map(\.id)
    ).map { (id: try $0.get("id", as: JobID.self), isAwaited: try $0.get("is_awaited", as: Bool.self)) }
    let ids = Set(done.map(\.id))
    var admitted = Admitted.none
    for job in open where !ids.contains(job.id) {
      if job.state == .queued { try begin([job.id]) }
      admitted += try admit(job)
    }
    for job in done.sorted(by: { $0.id < $1.id }) where job.isAwaited {
      admitted += try admitDependents(of: job.id)
    }
    return admitted
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
    // What completes meanwhile has charged itself: whatever is charged here was running under the lock.
    try execute(
      """
      WITH open AS MATERIALIZED (
        SELECT id, state, kind, claimed_at FROM tasks WHERE job_id = $1 AND finished_at IS NULL
        ORDER BY id FOR NO KEY UPDATE
      ), charged AS (
        INSERT INTO charges
        SELECT c.* FROM (
          SELECT kind, date_part('epoch', clock_timestamp() - claimed_at) AS seconds FROM open
          WHERE state = 'running' AND claimed_at IS NOT NULL) AS o
          CROSS JOIN LATERAL charge_of($1, o.kind, 1, o.seconds, false) AS c
      )
      UPDATE tasks SET state = 'cancelled', lease_epoch = lease_epoch + 1, finished_at = now()
      WHERE id = ANY(ARRAY(SELECT id FROM open))
      """, job)
    try execute("UPDATE task_ranges SET shut = true WHERE job_id = $1", job)
  }
}
