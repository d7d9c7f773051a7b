public import JobModel
import PostgresClient

extension JobStore {
  /// Stores a job with its first tasks and admits them.
  ///
  /// With an idempotency key a repeated submission returns the first job; the same key with another
  /// specification is a conflict.
  /// - Parameter confinement: where the job's paths must lie; nil allows every path.
  public func submit(
    _ request: SubmitRequest, by caller: Caller, confinement: PathConfinement? = nil
  ) async throws -> JobRecord {
    if let problems = confinement?.problems(in: request.spec), !problems.isEmpty {
      throw JobSpecError(problems)
    }
    if let key = request.idempotencyKey {
      guard (1...200).contains(key.count), !key.unicodeScalars.contains(where: { $0.value < 32 }) else {
        throw StoreError.invalid("an idempotency key is one line of 1 to 200 characters")
      }
    }
    let given = try StoredJSON.text(request.spec)
    let (id, admitted) = try await pool.transaction { session -> (JobID, Admitted) in
      if let id = try session.jobSubmittedBefore(request, spec: given, lab: caller.lab) { return (id, .none) }
      try session.checkNeeds(of: request.spec)
      // Before the job itself, in the order of ids; none of them can end unseen from here on.
      let dependencies = try session.lockDependencies(request.spec.after, lab: caller.lab)
      let inserted = try session.insertJob(
        request, spec: given, lab: caller.lab, user: caller.user, confinement: confinement)
      guard let id = inserted else {
        // The same key was used at the same time.
        if let id = try session.jobSubmittedBefore(request, spec: given, lab: caller.lab) {
          return (id, .none)
        }
        throw try session.uniqueConflict(request.spec.unique ?? "", lab: caller.lab)
      }
      try session.insertDependencies(dependencies, job: id)
      let (_, admitted) = try session.openJob(id, request.spec)
      try session.noteEvent(
        "job-submitted", lab: caller.lab, job: id, user: caller.user, message: request.spec.name)
      return (id, admitted)
    }
    // As it is before anybody takes its tasks.
    let record = try await job(id, lab: caller.lab)
    announce(admitted)
    return record
  }
}

extension Session {
  /// nil when the lab has used the idempotency key before, or has an unfinished job with the unique key. (Indices
  /// jobs_idempotency, jobs_unique, primary key of memory_lessons.)
  func insertJob(
    _ request: SubmitRequest, spec text: String, lab: LabID, user: UserID, confinement: PathConfinement?
  ) throws -> JobID? {
    let spec = request.spec
    let id = try execute(
      """
      INSERT INTO jobs (lab_id, user_id, priority, max_attempts, kind, name, idempotency_key, spec,
        confinement, labels, need_id, light_need_id, stall_seconds, at_once, unique_key, cron, checkpoint,
        memory_failures, memory_learnt_at)
      VALUES ($1, $2, $3, $4, $5, $6, $7, $8::json, $9::json, $10::jsonb, $11, $12, $13, $14, $15, $16, $17,
        -- What earlier jobs have learnt to be too much at once.
        coalesce((SELECT failures FROM memory_lessons WHERE checkpoint = $17 AND device = $18 AND kind = $5
          AND learnt_at > now() - interval '30 days'), 0), now())
      ON CONFLICT DO NOTHING RETURNING id
      """, lab, user, spec.priority, spec.maxAttempts, spec.kind.rawValue, spec.name, request.idempotencyKey,
      text, try confinement.map(StoredJSON.text), try StoredJSON.text(spec.labels),
      try number(of: spec.resources), try number(of: spec.resources.light), spec.stallAfter, spec.atOnce,
      spec.unique, spec.cron, spec.settings.model, spec.resources.kind.rawValue
    ).first.map { try $0.get("id", as: JobID.self) }
    if let id { try execute("INSERT INTO log_ends (job_id) VALUES ($1)", id) }
    return id
  }

  /// Gives a new job its first tasks, its moment and its deadline, and admits what may run.
  func openJob(_ id: JobID, _ spec: JobSpec) throws -> (job: LockedJob, admitted: Admitted) {
    try insertTasks(spec.kind.initialTasks, job: id)
    var moment = spec.at
    if moment == nil, let cron = spec.cron.flatMap(CronSchedule.init) {
      let now: Double = try execute("SELECT extract(epoch FROM now())::float8 AS now").only().get("now")
      moment = cron.next(after: now)
    }
    if let moment { try delayTasks(of: id, until: moment) }
    if let deadline = spec.deadline {
      try execute(
        """
        UPDATE jobs SET deadline_at = greatest(now(), coalesce(to_timestamp($2), now())) + make_interval(secs => $3)
        WHERE id = $1
        """, id, moment, deadline)
    }
    guard let job = try lockJob(id) else { throw StoreError.noJob(id) }
    return (job, try admit(job))
  }

  /// The job that the lab has submitted with this idempotency key; nil when there is none. (Index jobs_idempotency.)
  fileprivate func jobSubmittedBefore(_ request: SubmitRequest, spec: String, lab: LabID) throws -> JobID? {
    guard let key = request.idempotencyKey else { return nil }
    let row = try execute(
      "SELECT id, spec::text = $3 AS same FROM jobs WHERE lab_id = $1 AND idempotency_key = $2", lab, key,
      spec
    ).first
    guard let row else { return nil }
    let id: JobID = try row.get("id")
    guard try row.get("same") else {
      throw StoreError.conflict(
        "the idempotency key '\(key)' belongs to job \(id), which asks for something else")
    }
    return id
  }

  /// (Index jobs_unique.)
  func uniqueConflict(_ key: String, lab: LabID) throws -> StoreError {
    let id = try execute(
      "SELECT id FROM jobs WHERE lab_id = $1 AND unique_key = $2 AND finished_at IS NULL", lab, key
    ).first.map { try $0.get("id", as: JobID.self) }
    return .conflict(
      id.map { "unique: job \($0) has the key '\(key)' and has not ended yet; wait for it or cancel it" }
        ?? "unique: another job with the key '\(key)' has ended just now; submit again")
  }
}
