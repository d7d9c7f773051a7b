import JobModel
import PostgresClient

/// How many tasks are made of a range.
enum RangeExtension {
  /// As many as make a window of ready tasks full, as long as nobody competes.
  case window
  /// Half a window more, when half of one is left, as long as nobody competes.
  case further
  /// What the leader grants to tasks of a kind.
  case granted(Int, TaskKind)
}

extension JobStore {
  /// Makes more tasks of the jobs' ranges.
  /// - Parameter goal: `further` for whoever has claimed the task in the middle of a window, which looks at nothing that
  ///   grows with the tasks that were done; `window` where it is not known how many are ready.
  ///
  /// The commit is not waited for until it is on disk: a crash takes back tasks and range together, and a claim of such
  /// a task commits after it in the same log. So ranges add no flush to those of claims and completions.
  func extendRanges(of jobs: [JobID], to goal: RangeExtension = .window) async throws {
    let admitted = try await pool.transaction { session -> Admitted in
      try session.execute("SELECT set_config('synchronous_commit', 'off', true)")
      let open = try session.lockJobs(jobs).values.sorted { $0.id < $1.id }.filter { !$0.state.isFinal }
      return try open.reduce(.none) { admitted, job in
        guard case .further = goal else { return admitted + (try session.admit(job)) }
        return admitted + (try session.extend(job.id, to: goal, rank: Int64(-job.priority)))
      }
    }
    announce(admitted)
  }
}

extension JobStore {
  /// Whether there may be something to claim for somebody. (Index ready_order and those of `jobsToExtend`.)
  public func hasReadyTasks() async throws -> Bool {
    try await pool.run { session in
      let ready = try session.execute("SELECT 1 FROM ready ORDER BY rank, job_id, task_id LIMIT 1")
      return try !ready.isEmpty || !session.jobsToExtend().isEmpty
    }
  }
}

extension Session {
  /// Ready tasks of one range.
  private static let window = 1_024

  /// (Primary key of task_ranges.)
  func insertRange(_ range: NewRange, job: JobID) throws {
    let made = try execute(
      """
      INSERT INTO task_ranges (job_id, next_item, end_item, size, stage, kind, unit)
      VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (job_id, stage) DO NOTHING
      """, job, range.from, range.to, range.size, range.stage, range.kind.rawValue,
      range.unit.map(StoredJSON.clean)
    ).affected
    guard made == 1 else {
      throw StoreError.invalid("job \(job) has a range of items at stage \(range.stage) already")
    }
  }

  /// Makes the next tasks of the job's range, if its stage is the lowest that is unfinished and the job may run, as many
  /// as it may have at once. The task half a window before the last one calls for the next ones when it is claimed.
  /// The job is locked by the caller. (Primary keys of task_ranges, jobs and admission, indices tasks_unfinished,
  /// ready_of_job.)
  func extend(_ job: JobID, to goal: RangeExtension, rank: Int64) throws -> Admitted {
    var (most, kind): (Int, TaskKind?) = (Self.window, nil)
    var counts = true
    if case .further = goal { (most, counts) = (Self.window / 2, false) }
    if case .granted(let count, let granted) = goal { (most, kind, counts) = (count, granted, false) }
    let row = try execute(
      """
      WITH range AS MATERIALIZED (
        SELECT r.*, need_of(r.kind, j.need_id, j.light_need_id) AS need_id, j.at_once IS NULL AND $3::text IS NULL AS calls,
          least($2::bigint - CASE WHEN $6 THEN (SELECT count(*) FROM ready WHERE job_id = $1) ELSE 0 END,
            CASE WHEN j.at_once IS NOT NULL THEN j.at_once - (SELECT count(*) FROM tasks
              WHERE job_id = $1 AND finished_at IS NULL AND state IN ('ready', 'running')) END,
            (r.end_item - r.next_item + r.size - 1) / r.size) AS room
        FROM ranges_at_turn($1) r JOIN jobs_that_may_begin() j ON j.id = $1 JOIN admission a ON a.id = 1
        WHERE CASE WHEN $3::text IS NULL THEN NOT a.contended ELSE r.kind = $3 END
      ), part AS MATERIALIZED (
        SELECT nextval(pg_get_serial_sequence('tasks', 'id')) AS id, first, after,
          json_build_object('index', r.made + n - 1, 'from', first, 'to', after) AS payload,
          r.stage, r.kind, r.unit, r.need_id, r.calls AND r.room * r.size < r.end_item - r.next_item
            AND n = greatest(1, r.room - $5::bigint) AS extends
        FROM range r CROSS JOIN LATERAL (
          SELECT n, r.next_item + (n - 1) * r.size AS first, least(r.end_item, r.next_item + n * r.size) AS after
          FROM generate_series(1, r.room) AS n) AS items
      ), whole AS MATERIALIZED (
        SELECT max(after) AS after, count(*) AS tasks FROM part
      ), moved AS (
        UPDATE task_ranges t SET next_item = whole.after, made = t.made + whole.tasks FROM range, whole
        WHERE t.job_id = range.job_id AND t.stage = range.stage AND whole.after < t.end_item
      ), used_up AS (
        DELETE FROM task_ranges t USING range, whole
        WHERE t.job_id = range.job_id AND t.stage = range.stage AND whole.after >= t.end_item
      ), new_tasks AS (
        INSERT INTO tasks (id, job_id, kind, stage, state) OVERRIDING SYSTEM VALUE
        SELECT id, $1, kind, stage, 'ready' FROM part
      ), new_details AS (
        INSERT INTO task_details (job_id, task_id, payload, progress_done, progress_total, progress_unit)
        SELECT $1, id, payload, CASE WHEN unit IS NOT NULL THEN 0 END, CASE WHEN unit IS NOT NULL THEN after - first END, unit
        FROM part
      ), new_ready AS (
        INSERT INTO ready (task_id, job_id, rank, kind, need_id, extends, payload)
        SELECT id, $1, $4, kind, need_id, extends, payload FROM part
      )
      SELECT count(*) AS admitted, min(id) AS lowest,
        (SELECT contended AND $3::text IS NULL FROM admission WHERE id = 1) AS waits
      FROM part
      """, job, most, kind?.rawValue, rank, Self.window / 2, counts
    ).only()
    // What waits for the leader is told to him too.
    return Admitted(
      count: try row.get("waits") ? 1 : row.get("admitted"),
      lowest: try row.getIfPresent("lowest").map { ReadyKey(rank: rank, job: job, task: $0) })
  }

  /// Jobs whose range has more and of which nothing is ready, though it might be: the task that calls for the next ones
  /// was taken back, or whoever claimed it died, or their time has come. (Index task_ranges_open, ready_of_job,
  /// tasks_unfinished.)
  func jobsToExtend() throws -> [JobID] {
    try execute(
      """
      SELECT r.job_id FROM task_ranges r JOIN jobs_that_may_begin() j ON j.id = r.job_id JOIN admission a ON a.id = 1
      WHERE NOT r.shut AND NOT a.contended AND NOT EXISTS (SELECT 1 FROM ready WHERE ready.job_id = r.job_id)
        AND (SELECT t.stage FROM ranges_at_turn(r.job_id) t LIMIT 1) = r.stage
        AND (j.at_once IS NULL OR j.at_once > (SELECT count(*) FROM tasks t
          WHERE t.job_id = r.job_id AND t.finished_at IS NULL AND t.state IN ('ready', 'running')))
      ORDER BY r.job_id LIMIT 100
      """
    ).map { try $0.get("job_id") }
  }

  /// Tasks that are still to be made, by job, with the items they are for. (Primary key of task_ranges.)
  func restOfRanges(of jobs: [JobID]) throws -> [JobID: RestOfRange] {
    let rows = try execute(
      """
      SELECT job_id, shut, unit, (end_item - next_item + size - 1) / size AS tasks, end_item - next_item AS items
      FROM task_ranges WHERE job_id = ANY($1::bigint[]) ORDER BY job_id, stage
      """, jobs)
    var rest: [JobID: RestOfRange] = [:]
    for index in 0..<rows.count {
      let row = rows[index]
      var sum = try rest[row.get("job_id")] ?? RestOfRange(isShut: row.get("shut"))
      sum.tasks += try row.get("tasks")
      if let unit: String = try row.getIfPresent("unit") {
        sum.unit = unit
        sum.items += try row.get("items")
      }
      rest[try row.get("job_id")] = sum
    }
    return rest
  }
}

/// What no tasks have been made of yet.
struct RestOfRange {
  let isShut: Bool
  var tasks = 0
  /// Those that the job's progress counts.
  var items = 0
  var unit: String?
}
