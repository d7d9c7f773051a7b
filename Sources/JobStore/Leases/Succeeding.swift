import JobModel
import OrderedJSON
import PostgresClient

/// A task that was brought to its end.
struct EndedTask {
  let id: TaskID
  let epoch: Epoch
  let job: JobID
  let kind: TaskKind
  let stage: Int
  /// It may carry an earlier failure.
  let wasTriedBefore: Bool

  var fenced: FencedTask { FencedTask(id: id, epoch: epoch, job: job) }
  var lease: Lease { Lease(task: id, epoch: epoch) }
}

extension Session {
  /// Ends the tasks whose leases hold and charges what they used, once for each kind of tasks of a job.
  ///
  /// Without the locks of their jobs it leaves learners alone. Others may end at the same time, each taking the rest for
  /// unfinished: after the commit the caller looks whether it was the last (`jobsAtTurn`). (Tasks are found by their
  /// numbers, one by one: by its place a task would be missed that somebody has just changed.) A job that ends meanwhile
  /// waits for these rows and finds them finished. (Primary keys of tasks and jobs.)
  static func succeeding(_ leases: [Lease], underLock: Bool = false) -> Statement {
    if leases.count == 1 { return succeeding(leases[0], underLock: underLock) }
    // Rows are locked in the order of their ids, as by whoever ends a job.
    let leases = leases.sorted { $0.task < $1.task }
    return Statement(
      """
      WITH ended AS (
        UPDATE tasks t SET state = 'succeeded', finished_at = now()
        FROM unnest($1::bigint[], $2::bigint[]) AS given (task, epoch)
        WHERE t.id = given.task AND t.lease_epoch = given.epoch AND t.state = 'running' AND ($3 OR t.kind <> 'learn')
        RETURNING t.id, t.lease_epoch, t.job_id, t.kind, t.stage, t.claimed_at,
          t.attempt > 1 OR t.interruptions > 0 AS tried
      ), charged AS (
        INSERT INTO charges
        SELECT c.* FROM (
          SELECT job_id, kind, count(*) AS attempts,
            sum(greatest(date_part('epoch', clock_timestamp() - claimed_at), 0)) AS seconds
          FROM ended GROUP BY job_id, kind) AS e
          CROSS JOIN LATERAL charge_of(e.job_id, e.kind, e.attempts, e.seconds, true) AS c
      )
      SELECT id, lease_epoch, job_id, kind, stage, tried FROM ended
      """, leases.map(\.task), leases.map(\.epoch), underLock)
  }

  /// The same for one task: without lists to unroll and groups to form, it takes a fifth less time.
  private static func succeeding(_ lease: Lease, underLock: Bool) -> Statement {
    Statement(
      """
      WITH ended AS (
        UPDATE tasks t SET state = 'succeeded', finished_at = now()
        WHERE t.id = $1 AND t.lease_epoch = $2 AND t.state = 'running' AND ($3 OR t.kind <> 'learn')
        RETURNING t.id, t.lease_epoch, t.job_id, t.kind, t.stage, t.claimed_at,
          t.attempt > 1 OR t.interruptions > 0 AS tried
      ), charged AS (
        INSERT INTO charges
        SELECT c.* FROM (
          SELECT job_id, kind, date_part('epoch', clock_timestamp() - claimed_at) AS seconds FROM ended) AS e
          CROSS JOIN LATERAL charge_of(e.job_id, e.kind, 1, e.seconds, true) AS c
      )
      SELECT id, lease_epoch, job_id, kind, stage, tried FROM ended
      """, lease.task, lease.epoch, underLock)
  }

  /// What `succeeding` has brought to its end.
  static func ended(_ rows: Rows) throws -> [EndedTask] {
    try rows.map { row in
      EndedTask(
        id: try row.get("id"), epoch: try row.get("lease_epoch"), job: try row.get("job_id"),
        kind: try row.name("kind"), stage: try row.get("stage"), wasTriedBefore: try row.get("tried"))
    }
  }

  /// The state of the last task that is left unfinished in the stage of the first of these when all of these have ended;
  /// nil where none is left. (Stages are compared as rows, so that no other index than tasks_unfinished gives the order.)
  /// (Primary key of tasks, index tasks_unfinished.)
  func restOfStage(beside leases: [Lease]) throws -> TaskState? {
    guard let first = leases.map(\.task).min() else { return nil }
    return try execute(
      """
      SELECT (
        SELECT t.state FROM tasks t
        WHERE (t.job_id, t.stage) >= (f.job_id, f.stage) AND (t.job_id, t.stage) <= (f.job_id, f.stage)
          AND t.finished_at IS NULL AND t.id <> ALL($2::bigint[])
        ORDER BY t.job_id DESC, t.stage DESC, t.id DESC LIMIT 1) AS other
      FROM tasks f WHERE f.id = $1
      """, first, leases.map(\.task)
    ).first?.getIfPresent("other", as: String.self).flatMap(TaskState.init(rawValue:))
  }

  /// What became of tasks that were not ended: accepted before, or stale; nothing for one whose lease holds.
  /// (Primary key of tasks.)
  func outcomes(of leases: [Lease]) throws -> [Lease: CompletionOutcome?] {
    guard !leases.isEmpty else { return [:] }
    let rows = try execute(
      "SELECT id, lease_epoch, state FROM tasks WHERE id = ANY($1::bigint[])", leases.map(\.task))
    var outcomes: [Lease: CompletionOutcome?] = [:]
    for index in 0..<rows.count {
      let row = rows[index]
      let current = Lease(task: try row.get("id"), epoch: try row.get("lease_epoch"))
      let state: TaskState = try row.name("state")
      if state == .succeeded { outcomes[current] = .accepted }
      if state == .running { outcomes[current] = .some(nil) }
    }
    return outcomes
  }

  /// Stores what finished tasks have left and takes earlier failures away. (Primary key of task_details.)
  func storeResults(_ results: [(task: FencedTask, request: CompleteRequest)]) throws {
    guard !results.isEmpty else { return }
    let progress = results.map(\.request.progress)
    try execute(
      """
      UPDATE task_details d SET result = g.result::json, failure_class = NULL, failure_message = NULL,
        failure_detail = NULL,
        progress_at = CASE WHEN g.unit IS NULL THEN d.progress_at ELSE now() END,
        progress_done = CASE WHEN g.unit IS NULL THEN d.progress_done ELSE g.done END,
        progress_total = CASE WHEN g.unit IS NULL THEN d.progress_total ELSE g.total END,
        progress_unit = coalesce(g.unit, d.progress_unit),
        progress_message = CASE WHEN g.unit IS NULL THEN d.progress_message ELSE g.message END,
        progress_metrics = CASE WHEN g.unit IS NULL THEN d.progress_metrics ELSE g.metrics::json END
      FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::float8[], $5::float8[], $6::text[], $7::text[], $8::text[])
        AS g (job, task, result, done, total, unit, message, metrics)
      WHERE d.job_id = g.job AND d.task_id = g.task
      """, results.map(\.task.job), results.map(\.task.id),
      try results.map { try StoredJSON.text($0.request.result) },
      progress.map { $0?.storedDone }, progress.map { $0?.storedTotal }, progress.map { $0?.storedUnit },
      progress.map { $0?.storedMessage }, try progress.map { try $0?.storedMetrics })
  }

  /// (Unique index of artifacts on task and path.)
  func insertArtifacts(_ artifacts: [Artifact], task: FencedTask) throws {
    guard !artifacts.isEmpty else { return }
    try execute(
      """
      INSERT INTO artifacts (job_id, task_id, lease_epoch, bytes, kind, sha256, path)
      SELECT $1, $2, $3, bytes, kind, sha256, path
      FROM unnest($4::bigint[], $5::text[], $6::text[], $7::text[]) AS given (bytes, kind, sha256, path)
      ON CONFLICT (task_id, path) DO UPDATE SET lease_epoch = excluded.lease_epoch,
        bytes = excluded.bytes, kind = excluded.kind, sha256 = excluded.sha256, created_at = now()
      """, task.job, task.id, task.epoch, artifacts.map(\.bytes), artifacts.map(\.kind),
      artifacts.map(\.sha256),
      artifacts.map(\.path))
  }

  /// (Primary key of tasks.)
  func jobsOf(tasks: [TaskID]) throws -> [JobID] {
    try execute("SELECT DISTINCT job_id FROM tasks WHERE id = ANY($1::bigint[])", tasks)
      .map { try $0.get("job_id") }
  }

  /// Unfinished jobs of which nothing is left, or whose stage is over and the next one not admitted: whoever ended their
  /// last tasks has died before seeing that they were the last. (Indices jobs_unfinished, tasks_unfinished.)
  func jobsToSettle() throws -> [JobID] {
    try execute(
      """
      SELECT j.id FROM jobs_that_may_begin() j
      WHERE j.finished_at IS NULL AND NOT EXISTS (SELECT 1 FROM tasks t WHERE t.job_id = j.id AND t.finished_at IS NULL
        AND (t.state IN ('ready', 'running') OR t.not_before IS NOT NULL))
      ORDER BY j.id LIMIT 1000
      """
    ).map { try $0.get("id") }
  }

  /// Those of the finished tasks' jobs of which nothing is ready or runs: their lowest unfinished stage waits to be
  /// admitted, or nothing is left of them. Looks from the last task on, which is the last to be claimed. (Primary keys of
  /// tasks and jobs, index tasks_unfinished.)
  func jobsAtTurn(after tasks: [TaskID]) throws -> [JobID] {
    guard !tasks.isEmpty else { return [] }
    return try execute(
      """
      SELECT j.id FROM jobs j
      WHERE j.id = ANY(ARRAY(SELECT DISTINCT job_id FROM tasks WHERE id = ANY($1::bigint[]) AND finished_at IS NOT NULL))
        AND j.finished_at IS NULL AND (
        SELECT t.id FROM tasks t
        WHERE t.job_id >= j.id AND t.job_id <= j.id AND t.finished_at IS NULL AND t.state IN ('ready', 'running')
        ORDER BY t.job_id DESC, t.stage DESC, t.id DESC LIMIT 1) IS NULL
      ORDER BY j.id
      """, tasks
    ).map { try $0.get("id") }
  }
}
