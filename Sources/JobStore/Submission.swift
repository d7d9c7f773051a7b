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
    let spec = try StoredJSON.text(request.spec)
    let (id, admitted) = try await pool.transaction { session -> (JobID, Int) in
      guard let id = try session.insertJob(request, spec: spec, by: caller, confinement: confinement) else {
        return (try session.jobSubmittedBefore(request, spec: spec, lab: caller.lab), 0)
      }
      try session.insertTasks(request.spec.kind.initialTasks, job: id)
      try session.noteEvent(
        "job-submitted", lab: caller.lab, job: id, user: caller.user, message: request.spec.name)
      guard let job = try session.lockJob(id) else { throw StoreError.noJob(id) }
      return (id, try session.admit(job))
    }
    hintReady(ifAny: admitted)
    return try await job(id, lab: caller.lab)
  }
}

extension Session {
  /// nil when the lab has used the idempotency key before. (Index jobs_idempotency.)
  fileprivate func insertJob(
    _ request: SubmitRequest, spec: String, by caller: Caller, confinement: PathConfinement?
  ) throws -> JobID? {
    let id = try execute(
      """
      INSERT INTO jobs (lab_id, user_id, priority, max_attempts, kind, name, idempotency_key, spec,
        confinement)
      VALUES ($1, $2, $3, $4, $5, $6, $7, $8::json, $9::json)
      ON CONFLICT (lab_id, idempotency_key) WHERE idempotency_key IS NOT NULL DO NOTHING
      RETURNING id
      """, caller.lab, caller.user, request.spec.priority, request.spec.maxAttempts,
      request.spec.kind.rawValue, request.spec.name, request.idempotencyKey, spec,
      try confinement.map(StoredJSON.text)
    ).first.map { try $0.get("id", as: JobID.self) }
    if let id { try execute("INSERT INTO log_ends (job_id) VALUES ($1)", id) }
    return id
  }

  fileprivate func jobSubmittedBefore(_ request: SubmitRequest, spec: String, lab: LabID) throws -> JobID {
    let row = try execute(
      """
      SELECT id, spec::text = $3 AS same FROM jobs WHERE lab_id = $1 AND idempotency_key = $2
      """, lab, request.idempotencyKey, spec
    ).only()
    let id: JobID = try row.get("id")
    guard try row.get("same") else {
      throw StoreError.conflict(
        "the idempotency key '\(request.idempotencyKey ?? "")' belongs to job \(id), which asks for something else"
      )
    }
    return id
  }
}
