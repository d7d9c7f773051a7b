import JobModel
import PostgresClient

/// A job that is to be created.
struct NewJob {
  let spec: JobSpec
  /// The specification as it is stored.
  let text: String
  let lab: LabID
  let user: UserID
  let confinement: PathConfinement?
  var idempotencyKey: String?
  /// How many jobs it waits for, all of them locked.
  var waitsFor = 0
  /// Before when nothing of it begins; nil when it may begin at once.
  let moment: Timestamp?
}

/// A job as it is before anybody takes its first task.
struct CreatedJob {
  let record: JobRecord
  let admitted: Admitted
}

extension Session {
  /// Creates a job with its first task and notes that it was submitted, in one statement. The task is put where `admit`
  /// would put it: it is ready when the job may begin and nobody competes, and marked for the leader when labs compete.
  /// - Parameter submitter: nil when no person has submitted it.
  /// - Returns: nil when the lab has used the idempotency key before, or has an unfinished job with the unique key.
  ///   (Indices jobs_idempotency, jobs_unique, primary keys of memory_lessons, labs, users and admission.)
  func create(_ new: NewJob, submitter: UserID?, message: String) throws -> CreatedJob? {
    let spec = new.spec
    let row = try execute(
      """
      WITH job AS (
        INSERT INTO jobs (lab_id, user_id, priority, max_attempts, kind, name, idempotency_key, spec,
          confinement, labels, need_id, light_need_id, stall_seconds, at_once, unique_key, cron, checkpoint,
          memory_failures, memory_learnt_at, waits_for, deadline_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8::json, $9::json, $10::jsonb, $11, $12, $13, $14, $15, $16, $17,
          -- What earlier jobs have learnt to be too much at once.
          coalesce((SELECT failures FROM memory_lessons WHERE checkpoint = $17 AND device = $18 AND kind = $5
            AND learnt_at > now() - interval '30 days'), 0), now(), $19,
          greatest(now(), coalesce(to_timestamp($20), now())) + make_interval(secs => $21))
        ON CONFLICT DO NOTHING
        RETURNING id, lab_id, user_id, priority, need_id, light_need_id, waits_for, created_at
      ), log_end AS (
        INSERT INTO log_ends (job_id) SELECT id FROM job
      ), placed AS MATERIALIZED (
        SELECT job.*, nextval(pg_get_serial_sequence('tasks', 'id')) AS task_id, l.name AS lab, l.paused_at,
          a.contended, job.waits_for = 0 AND l.paused_at IS NULL AND coalesce(to_timestamp($20) <= now(), true) AS is_due
        FROM job JOIN labs l ON l.id = job.lab_id JOIN admission a ON a.id = 1
      ), task AS (
        INSERT INTO tasks (id, job_id, kind, stage, state, not_before) OVERRIDING SYSTEM VALUE
        SELECT task_id, id, $22, 0, CASE WHEN is_due AND NOT contended THEN 'ready' ELSE 'blocked' END,
          CASE WHEN NOT is_due THEN to_timestamp($20) WHEN contended THEN coalesce(to_timestamp($20), now()) END
        FROM placed
      ), detail AS (
        INSERT INTO task_details (task_id, payload) SELECT task_id, '{}' FROM placed
      ), put AS (
        INSERT INTO ready (task_id, job_id, rank, kind, need_id)
        SELECT task_id, id, -priority, $22, CASE WHEN $22 = 'plan' THEN light_need_id ELSE need_id END
        FROM placed WHERE is_due AND NOT contended
      ), noted AS (
        INSERT INTO events (lab_id, job_id, user_id, kind, message)
        SELECT lab_id, id, $23, 'job-submitted', $24 FROM placed
      )
      SELECT p.id, p.task_id, p.lab, u.name AS "user", extract(epoch FROM p.created_at)::float8 AS created_at,
        extract(epoch FROM p.paused_at)::float8 AS paused_at, p.is_due, p.is_due AND NOT p.contended AS is_ready
      FROM placed p JOIN users u ON u.id = p.user_id
      """, new.lab, new.user, spec.priority, spec.maxAttempts, spec.kind.rawValue, spec.name,
      new.idempotencyKey,
      new.text, try new.confinement.map(StoredJSON.text), try StoredJSON.text(spec.labels),
      try number(of: spec.resources), try number(of: spec.resources.light), spec.stallAfter, spec.atOnce,
      spec.unique, spec.cron, spec.settings.model, spec.resources.kind.rawValue, new.waitsFor, new.moment,
      spec.deadline, spec.kind.firstTask.rawValue, submitter, StoredJSON.clean(message)
    ).first
    guard let row else { return nil }
    let id: JobID = try row.get("id")
    let isReady: Bool = try row.get("is_ready")
    var tasks = TaskCounts()
    tasks[isReady ? .ready : .blocked] = 1
    let record = JobRecord(
      id: id, lab: try row.get("lab"), user: try row.get("user"), spec: spec, state: .queued,
      createdAt: try row.get("created_at"), startedAt: nil, finishedAt: nil,
      pausedAt: try row.getIfPresent("paused_at"), failure: nil, tasks: tasks, progress: nil)
    let key = ReadyKey(rank: Int64(-spec.priority), job: id, task: try row.get("task_id"))
    return CreatedJob(
      record: record,
      admitted: Admitted(count: try row.get("is_due") ? 1 : 0, lowest: isReady ? key : nil))
  }
}
