import JobModel
import PostgresClient

extension Session {
  /// Admits the blocked tasks of the job's lowest unfinished stage whose backoff has run out, as many as it may have at
  /// once, as long as nobody competes: first come, first served. While labs do compete they are marked as waiting for the
  /// leader instead (`not_before` is set), who admits them in his next pass. The job is locked by the caller. (Indices
  /// tasks_unfinished, primary keys of jobs and admission.)
  /// - Returns: what became ready or waits for the leader.
  func admit(_ job: LockedJob) throws -> Admitted {
    let row = try execute(
      """
      WITH next AS MATERIALIZED (
        SELECT t.id FROM tasks_at_turn($1) t
        WHERE (t.not_before IS NULL OR NOT (SELECT contended FROM admission WHERE id = 1))
          AND EXISTS (SELECT FROM jobs_that_may_begin() WHERE id = $1)
        ORDER BY t.id
        LIMIT (SELECT CASE WHEN at_once IS NOT NULL THEN greatest(0, at_once - (SELECT count(*) FROM tasks
          WHERE job_id = $1 AND finished_at IS NULL AND state IN ('ready', 'running'))) END FROM jobs WHERE id = $1)
      ), due AS (
        UPDATE tasks SET state = CASE WHEN a.contended THEN 'blocked' ELSE 'ready' END,
          not_before = CASE WHEN a.contended THEN now() END
        FROM admission a, jobs j
        WHERE tasks.id = ANY(ARRAY(SELECT id FROM next)) AND a.id = 1 AND j.id = $1
        RETURNING tasks.id, tasks.kind, tasks.state, need_of(tasks.kind, j.need_id, j.light_need_id) AS need_id
      ), put AS (
        INSERT INTO ready (task_id, job_id, rank, kind, need_id, payload)
        SELECT id, $1, $2, kind, need_id, d.payload
        -- OFFSET: one by one, however few there were when the plan was made.
        FROM due CROSS JOIN LATERAL (
          SELECT payload FROM task_details WHERE job_id = $1 AND task_id = due.id OFFSET 0) AS d
        WHERE state = 'ready'
      )
      SELECT count(*) AS admitted, min(id) FILTER (WHERE state = 'ready') AS lowest,
        EXISTS (SELECT 1 FROM task_ranges WHERE job_id = $1) AS has_range
      FROM due
      """, job.id, -job.priority
    ).only()
    let rank = Int64(-job.priority)
    let admitted = Admitted(
      count: try row.get("admitted"),
      lowest: try row.getIfPresent("lowest").map { ReadyKey(rank: rank, job: job.id, task: $0) })
    return try row.get("has_range") ? admitted + extend(job.id, to: .window, rank: rank) : admitted
  }

  /// Jobs with a task whose backoff has run out. (Index tasks_delayed.)
  func jobsWithDueTasks(limit: Int) throws -> [JobID] {
    try execute(
      """
      SELECT DISTINCT due.job_id FROM (
        SELECT t.job_id FROM tasks t JOIN jobs_that_may_begin() j ON j.id = t.job_id
        WHERE t.finished_at IS NULL AND t.state = 'blocked' AND t.not_before <= now()
        ORDER BY t.not_before LIMIT $1) AS due
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
      INSERT INTO task_details (job_id, task_id, payload, progress_done, progress_total, progress_unit)
      SELECT $1, id, payload::json, CASE WHEN unit IS NULL THEN NULL ELSE 0 END, total, unit FROM new
      """, job, tasks.map(\.kind.rawValue), tasks.map(\.stage), tasks.map(\.ordinal),
      try tasks.map { try StoredJSON.text($0.payload) }, tasks.map { $0.progress?.total },
      tasks.map { $0.progress?.unit })
  }

  /// Takes back what a job has ready and nobody has claimed; it is admitted again when it may. Whoever is claiming some of
  /// it is waited for.
  func withdrawReady(of job: JobID) throws {
    while try withdrawPart(of: job) == Self.withdrawnAtOnce {}
  }

  /// (Index ready_of_job, primary key of tasks.)
  private func withdrawPart(of job: JobID) throws -> Int {
    try execute(
      """
      WITH part AS (SELECT ctid FROM ready WHERE job_id = $1 ORDER BY job_id, task_id LIMIT $2 FOR UPDATE),
        gone AS (DELETE FROM ready WHERE ctid = ANY(ARRAY(SELECT ctid FROM part)) RETURNING task_id),
        blocked AS (UPDATE tasks SET state = 'blocked', not_before = now()
          WHERE id = ANY(ARRAY(SELECT task_id FROM gone)) AND state = 'ready')
      SELECT count(*) AS tasks FROM gone
      """, job, Self.withdrawnAtOnce
    ).only().get("tasks")
  }
}
