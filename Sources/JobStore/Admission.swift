import JobModel
import PostgresClient

extension Session {
  /// First come, first served: moves the blocked tasks of the job's lowest unfinished stage, whose backoff has
  /// run out, into `ready`. The job is locked by the caller. (Index tasks_unfinished.)
  /// - Returns: how many became ready.
  func admit(_ job: LockedJob) throws -> Int {
    try execute(
      """
      WITH lowest AS (
        SELECT min(stage) AS stage FROM tasks
        WHERE job_id = $1 AND state IN ('blocked', 'ready', 'running')
      ), due AS (
        UPDATE tasks SET state = 'ready', not_before = NULL FROM lowest
        WHERE tasks.job_id = $1 AND tasks.stage = lowest.stage AND tasks.state = 'blocked'
          AND (tasks.not_before IS NULL OR tasks.not_before <= now())
        RETURNING tasks.id, tasks.kind
      )
      INSERT INTO ready (task_id, job_id, rank, kind) SELECT id, $1, $2, kind FROM due
      """, job.id, -job.priority
    ).affected
  }

  /// Jobs with a task whose backoff has run out. (Index tasks_delayed.)
  func jobsWithDueTasks(limit: Int) throws -> [JobID] {
    try execute(
      """
      SELECT DISTINCT job_id FROM (
        SELECT job_id FROM tasks WHERE state = 'blocked' AND not_before <= now()
        ORDER BY not_before LIMIT $1) AS due
      """, limit
    ).map { try $0.get("job_id") }
  }

  /// Creates tasks of a job in the order given. The caller admits them.
  func insertTasks(_ tasks: [NewTask], job: JobID) throws {
    guard !tasks.isEmpty else { return }
    try execute(
      """
      WITH new AS (
        SELECT nextval(pg_get_serial_sequence('tasks', 'id')) AS id, given.*
        FROM unnest($2::text[], $3::int[], $4::bigint[], $5::text[], $6::float8[], $7::text[])
          WITH ORDINALITY AS given (kind, stage, ordinal, payload, total, unit, position)
        ORDER BY position
      ), made AS (
        INSERT INTO tasks (id, job_id, kind, stage, ordinal) OVERRIDING SYSTEM VALUE
        SELECT id, $1, kind, stage, ordinal FROM new
      )
      INSERT INTO task_details (task_id, payload, progress_done, progress_total, progress_unit)
      SELECT id, payload::json, CASE WHEN unit IS NULL THEN NULL ELSE 0 END, total, unit FROM new
      """, job, tasks.map(\.kind.rawValue), tasks.map(\.stage), tasks.map(\.ordinal),
      try tasks.map { try StoredJSON.text($0.payload) }, tasks.map { $0.progress?.total },
      tasks.map { $0.progress?.unit })
  }
}
