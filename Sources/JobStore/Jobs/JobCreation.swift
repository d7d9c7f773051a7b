import JobModel
import PostgresClient

/// A job that is to be created.
struct NewJob: Sendable {
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
  var moment: Timestamp?
  /// nil when no person has submitted it.
  let submitter: UserID?
  /// What its history says of its creation.
  let message: String
}

/// A job as it is before anybody takes its first task.
struct CreatedJob: Sendable {
  let record: JobRecord
  let admitted: Admitted
}

extension Session {
  /// Creates jobs, each with its first task, and notes that they were submitted, in one statement. A task is put where
  /// `admit` would put it: it is ready when its job may begin and nobody competes, and marked for the leader when labs
  /// compete.
  /// - Returns: nil for one whose lab has used the idempotency key before, or has an unfinished job with the unique key.
  ///   (Indices jobs_idempotency, jobs_unique, primary keys of memory_lessons, labs, users and admission.)
  func create(_ new: [NewJob]) throws -> [CreatedJob?] {
    let specs = new.map(\.spec)
    let rows = try execute(
      """
      WITH lessons AS MATERIALIZED (
        -- What earlier jobs have learnt to be too much at once.
        SELECT checkpoint, device, kind, failures FROM memory_lessons
        WHERE checkpoint = ANY($17::text[]) AND learnt_at > now() - interval '30 days'
      ), given AS MATERIALIZED (
        SELECT nextval('jobs_id_seq') AS id, nextval('tasks_id_seq') AS task_id, g.*
        FROM unnest($1::bigint[], $2::bigint[], $3::int[], $4::int[], $5::text[], $6::text[], $7::text[], $8::text[],
            $9::text[], $10::text[], $11::int[], $12::int[], $13::float8[], $14::int[], $15::text[], $16::text[],
            $17::text[], $18::text[], $19::int[], $20::float8[], $21::float8[], $22::text[], $23::bigint[], $24::text[])
          WITH ORDINALITY AS g (lab_id, user_id, priority, max_attempts, kind, name, idempotency_key, spec,
            confinement, labels, need_id, light_need_id, stall_seconds, at_once, unique_key, cron,
            checkpoint, device, waits_for, moment, deadline, first_task, submitter, message, place)
      ), job AS (
        INSERT INTO jobs (id, lab_id, user_id, priority, max_attempts, kind, name, idempotency_key, spec,
          confinement, labels, need_id, light_need_id, stall_seconds, at_once, unique_key, cron, checkpoint,
          memory_failures, memory_learnt_at, waits_for, deadline_at) OVERRIDING SYSTEM VALUE
        SELECT g.id, g.lab_id, g.user_id, g.priority, g.max_attempts, g.kind, g.name, g.idempotency_key, g.spec::json,
          g.confinement::json, g.labels::jsonb, g.need_id, g.light_need_id, g.stall_seconds, g.at_once, g.unique_key,
          g.cron, g.checkpoint,
          coalesce((SELECT failures FROM lessons l WHERE l.checkpoint = g.checkpoint AND l.device = g.device
            AND l.kind = g.kind), 0), now(), g.waits_for,
          greatest(now(), coalesce(to_timestamp(g.moment), now())) + make_interval(secs => g.deadline)
        FROM given g
        ON CONFLICT DO NOTHING
        RETURNING id, created_at
      ), placed AS MATERIALIZED (
        SELECT g.id, g.task_id, g.place, g.lab_id, g.user_id, g.submitter, g.message, g.priority, g.need_id,
          g.light_need_id, g.first_task, g.moment, job.created_at, l.name AS lab, l.paused_at, a.contended,
          g.waits_for = 0 AND l.paused_at IS NULL AND coalesce(to_timestamp(g.moment) <= now(), true) AS is_due
        FROM job JOIN given g ON g.id = job.id JOIN labs l ON l.id = g.lab_id JOIN admission a ON a.id = 1
      ), task AS (
        INSERT INTO tasks (id, job_id, kind, stage, state, not_before) OVERRIDING SYSTEM VALUE
        SELECT task_id, id, first_task, 0, CASE WHEN is_due AND NOT contended THEN 'ready' ELSE 'blocked' END,
          CASE WHEN NOT is_due THEN to_timestamp(moment) WHEN contended THEN coalesce(to_timestamp(moment), now()) END
        FROM placed
      ), detail AS (
        INSERT INTO task_details (job_id, task_id, payload) SELECT id, task_id, '{}' FROM placed
      ), put AS (
        INSERT INTO ready (task_id, job_id, rank, kind, need_id, payload)
        SELECT task_id, id, -priority, first_task, CASE WHEN first_task = 'plan' THEN light_need_id ELSE need_id END, '{}'
        FROM placed WHERE is_due AND NOT contended
      ), noted AS (
        INSERT INTO events (lab_id, job_id, user_id, kind, message)
        SELECT lab_id, id, submitter, 'job-submitted', message FROM placed
      )
      SELECT p.place, p.id, p.task_id, p.lab, u.name AS "user", extract(epoch FROM p.created_at)::float8 AS created_at,
        extract(epoch FROM p.paused_at)::float8 AS paused_at, p.is_due, p.is_due AND NOT p.contended AS is_ready
      FROM placed p JOIN users u ON u.id = p.user_id
      """, new.map(\.lab), new.map(\.user), specs.map(\.priority), specs.map(\.maxAttempts),
      specs.map(\.kind.rawValue), specs.map(\.name), column(new.map(\.idempotencyKey)), new.map(\.text),
      column(try new.map { try $0.confinement.map(StoredJSON.text) }),
      try specs.map { $0.labels.isEmpty ? "{}" : try StoredJSON.text($0.labels) },
      column(try specs.map { try number(of: $0.resources) }),
      column(try specs.map { try number(of: $0.resources.light) }),
      column(specs.map(\.stallAfter)), column(specs.map(\.atOnce)), column(specs.map(\.unique)),
      column(specs.map(\.cron)), column(specs.map(\.settings.model)), specs.map(\.resources.kind.rawValue),
      new.map(\.waitsFor), column(new.map(\.moment)), column(specs.map(\.deadline)),
      specs.map(\.kind.firstTask.rawValue), column(new.map(\.submitter)),
      new.map { StoredJSON.clean($0.message) })
    var created = [CreatedJob?](repeating: nil, count: new.count)
    for index in 0..<rows.count {
      let row = rows[index]
      let place: Int = try row.get("place")
      created[place - 1] = try row.created(of: specs[place - 1])
    }
    return created
  }
}

/// Most columns are of few jobs: NULL stands for one that has no value at all, and costs nothing to write and to read.
private func column<Value>(_ values: [Value?]) -> [Value?]? {
  values.contains { $0 != nil } ? values : nil
}

extension Rows.Row {
  fileprivate func created(of spec: JobSpec) throws -> CreatedJob {
    let id: JobID = try get("id")
    let isReady: Bool = try get("is_ready")
    var tasks = TaskCounts()
    tasks[isReady ? .ready : .blocked] = 1
    let record = JobRecord(
      id: id, lab: try get("lab"), user: try get("user"), spec: spec, state: .queued,
      createdAt: try get("created_at"), startedAt: nil, finishedAt: nil,
      pausedAt: try getIfPresent("paused_at"), failure: nil, tasks: tasks, progress: nil)
    let key = ReadyKey(rank: Int64(-spec.priority), job: id, task: try get("task_id"))
    return CreatedJob(
      record: record, admitted: Admitted(count: try get("is_due") ? 1 : 0, lowest: isReady ? key : nil))
  }
}
