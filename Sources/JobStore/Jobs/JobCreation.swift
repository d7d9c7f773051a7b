import JobModel
import OrderedJSON
import PostgresClient

/// A job that is to be created. A class, as it is handed from one to the next and has many parts.
final class NewJob: Sendable {
  let spec: JobSpec
  /// The specification as it is stored.
  let text: String
  let lab: LabID
  let user: UserID
  let confinement: PathConfinement?
  let idempotencyKey: String?
  /// How many jobs it waits for, all of them locked.
  let waitsFor: Int
  /// Before when nothing of it begins; nil when it may begin at once.
  let moment: Timestamp?
  /// What its history says of its creation when no person has submitted it; nil: its user has.
  let note: String?

  init(
    _ spec: JobSpec, lab: LabID, user: UserID, confinement: PathConfinement?, idempotencyKey: String? = nil,
    waitsFor: Int = 0, moment: Timestamp?, note: String? = nil
  ) throws {
    self.spec = spec
    text = try StoredJSON.text(spec)
    self.lab = lab
    self.user = user
    self.confinement = confinement
    self.idempotencyKey = idempotencyKey
    self.waitsFor = waitsFor
    self.moment = moment
    self.note = note
  }
}

/// A job as it is before anybody takes its first task.
struct CreatedJob: Sendable {
  let id: JobID
  let createdAt: Timestamp
  let labPausedAt: Timestamp?
  let admitted: Admitted

  func record(_ spec: JobSpec, by caller: Caller) -> JobRecord {
    var tasks = TaskCounts()
    tasks[admitted.lowest == nil ? .blocked : .ready] = 1
    return JobRecord(
      id: id, lab: caller.labName, user: caller.userName, spec: spec, state: .queued, createdAt: createdAt,
      startedAt: nil, finishedAt: nil, pausedAt: labPausedAt, failure: nil, tasks: tasks, progress: nil)
  }
}

extension Session {
  /// Creates jobs, each with its first task, and notes that they were submitted, in one statement. A task is put where
  /// `admit` would put it: it is ready when its job may begin and nobody competes, and marked for the leader when labs
  /// compete.
  /// - Parameter known: lessons that need not be looked up.
  /// - Returns: nil for one whose lab has used the idempotency key before, or has an unfinished job with the unique key.
  /// - Throws: a unique violation (`isOfRepeatedKey`) where another one takes such a key at this moment, or two of these
  ///   have the same; none is created then.
  func create(_ new: [NewJob], _ known: KnownLessons) throws -> [CreatedJob?] {
    let repeated = try repeated(among: new)
    guard repeated.isEmpty else {
      var created = try createAll(
        new.indices.filter { !repeated.contains($0) }.map { new[$0] }, known)[...]
      return new.indices.map { repeated.contains($0) ? nil : created.removeFirst() }
    }
    return try createAll(new, known)
  }

  /// Those whose keys are taken: they would undo what is submitted with them. (Indices jobs_idempotency, jobs_unique.)
  private func repeated(among new: [NewJob]) throws -> Set<Int> {
    guard new.contains(where: { $0.idempotencyKey != nil || $0.spec.unique != nil }) else { return [] }
    let places: [Int] = try execute(
      """
      SELECT g.place FROM unnest($1::bigint[], $2::text[], $3::text[]) WITH ORDINALITY AS g (lab, key, unique_key, place)
      WHERE EXISTS (SELECT FROM jobs j WHERE j.lab_id = g.lab AND j.idempotency_key = g.key)
        OR EXISTS (SELECT FROM jobs j WHERE j.lab_id = g.lab AND j.unique_key = g.unique_key AND j.finished_at IS NULL)
      """, new.map(\.lab), new.map(\.idempotencyKey), new.map(\.spec.unique)
    ).map { try $0.get("place") }
    return Set(places.map { $0 - 1 })
  }

  /// (Primary keys of labs and admission.)
  private func createAll(_ new: [NewJob], _ known: KnownLessons) throws -> [CreatedJob] {
    guard !new.isEmpty else { return [] }
    let specs = new.map(\.spec)
    let lessons = try lessons(of: specs, known)
    let rows = try execute(
      """
      WITH given AS MATERIALIZED (
        -- Numbered in the order of the calls, whatever order the join gives.
        SELECT g.*, l.id AS lab, l.paused_at, a.contended, to_timestamp((seldom->>'moment')::float8) AS moment,
          (seldom->>'need')::int AS need_id, (seldom->>'light_need')::int AS light_need_id,
          coalesce((seldom->>'waits_for')::int, 0) AS waits_for,
          -- What `jobs_that_may_begin` looks at when it is stored.
          coalesce((seldom->>'waits_for')::int, 0) = 0 AND l.paused_at IS NULL
            AND coalesce(to_timestamp((seldom->>'moment')::float8) <= now(), true) AS is_due
        FROM (SELECT nextval('jobs_id_seq') AS id, nextval('tasks_id_seq') AS task_id, new.*
            FROM unnest($1::bigint[], $2::bigint[], $3::int[], $4::int[], $5::text[], $6::text[], $7::text[], $8::text[],
                $9::text[], $10::text[], $11::text[], $12::jsonb[])
              WITH ORDINALITY AS new (lab_id, user_id, priority, max_attempts, kind, first_task, name, spec,
                checkpoint, idempotency_key, confinement, seldom, place)) AS g
          LEFT JOIN labs l ON l.id = g.lab_id JOIN admission a ON a.id = 1
      ), job AS (
        INSERT INTO jobs (id, lab_id, user_id, priority, max_attempts, kind, name, idempotency_key, spec,
          confinement, labels, need_id, light_need_id, stall_seconds, at_once, unique_key, cron, checkpoint,
          memory_failures, memory_learnt_at, waits_for, begins_at, deadline_at) OVERRIDING SYSTEM VALUE
        -- A lab that is not there has no number, and there is no job without one.
        SELECT id, lab, user_id, priority, max_attempts, kind, name, idempotency_key, spec::json,
          confinement::json, coalesce(seldom->'labels', '{}'), need_id, light_need_id,
          (seldom->>'stall_seconds')::float8, (seldom->>'at_once')::int, seldom->>'unique', seldom->>'cron', checkpoint,
          coalesce((seldom->>'memory_failures')::int, 0), now(), waits_for, moment,
          greatest(now(), moment) + make_interval(secs => (seldom->>'deadline')::float8)
        FROM given
      ), task AS (
        INSERT INTO tasks (id, job_id, kind, stage, state, not_before) OVERRIDING SYSTEM VALUE
        SELECT task_id, id, first_task, 0, CASE WHEN is_due AND NOT contended THEN 'ready' ELSE 'blocked' END,
          CASE WHEN NOT is_due THEN moment WHEN contended THEN coalesce(moment, now()) END
        FROM given
      ), detail AS (
        INSERT INTO task_details (job_id, task_id, payload) SELECT id, task_id, '{}' FROM given
      ), put AS (
        INSERT INTO ready (task_id, job_id, rank, kind, need_id, payload)
        SELECT task_id, id, -priority, first_task, need_of(first_task, need_id, light_need_id), '{}'
        FROM given WHERE is_due AND NOT contended
      ), noted AS (
        INSERT INTO events (lab_id, job_id, user_id, kind, message)
        SELECT lab_id, id, CASE WHEN seldom->'note' IS NULL THEN user_id END, 'job-submitted',
          coalesce(seldom->>'note', name)
        FROM given
      )
      SELECT id, task_id, date_part('epoch', now()) AS created_at, date_part('epoch', paused_at) AS paused_at, is_due,
        is_due AND NOT contended AS is_ready
      FROM given ORDER BY place
      """, new.map(\.lab), new.map(\.user), specs.map(\.priority), specs.map(\.maxAttempts),
      specs.map(\.kind.rawValue), specs.map(\.kind.firstTask.rawValue), specs.map(\.name), new.map(\.text),
      specs.map(\.settings.model), column(new.map(\.idempotencyKey)),
      column(try new.map { try $0.confinement.map(StoredJSON.text) }),
      column(try zip(new, lessons).map(seldom)))
    return try zip(specs.indices, specs).map { try rows[$0].created($1) }
  }

  /// What few jobs have, in one column: each column costs a look at every job. Nil where there is nothing of it.
  private func seldom(_ new: NewJob, memoryFailures: Int) throws -> String? {
    let spec = new.spec
    var members: [JSON.Member] = []
    func add(_ key: String, _ value: JSON?) {
      if let value { members.append(.init(key, value)) }
    }
    if !spec.labels.isEmpty { add("labels", try JSON(encoding: spec.labels)) }
    add("need", try number(of: spec.resources).map(JSON.integer))
    add("light_need", try number(of: spec.resources.light).map(JSON.integer))
    add("memory_failures", memoryFailures == 0 ? nil : .integer(memoryFailures))
    add("waits_for", new.waitsFor == 0 ? nil : .integer(new.waitsFor))
    add("moment", new.moment.map(JSON.number))
    add("deadline", spec.deadline.map(JSON.number))
    add("stall_seconds", spec.stallAfter.map(JSON.number))
    add("at_once", spec.atOnce.map(JSON.integer))
    add("unique", spec.unique.map(JSON.string))
    add("cron", spec.cron.map(JSON.string))
    add("note", new.note.map(JSON.string))
    return members.isEmpty ? nil : try StoredJSON.text(JSON.object(members))
  }
}

/// NULL stands for a column in which no job has a value, and costs little to write and to read.
private func column<Value>(_ values: [Value?]) -> [Value?]? {
  values.contains { $0 != nil } ? values : nil
}

extension Rows.Row {
  fileprivate func created(_ spec: JobSpec) throws -> CreatedJob {
    let id: JobID = try get("id")
    let task: TaskID = try get("task_id")
    let (createdAt, pausedAt): (Timestamp, Timestamp?) = (
      try get("created_at"), try getIfPresent("paused_at")
    )
    let isDue: Bool = try get("is_due")
    let key = try get("is_ready") ? ReadyKey(rank: Int64(-spec.priority), job: id, task: task) : nil
    return CreatedJob(
      id: id, createdAt: createdAt, labPausedAt: pausedAt,
      admitted: Admitted(count: isDue ? 1 : 0, lowest: key))
  }
}
