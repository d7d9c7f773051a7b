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
    let text = try StoredJSON.text(request.spec)
    let submit: @Sendable (Session) throws -> Submitted = { session in
      if let id = try session.jobSubmittedBefore(request, lab: caller.lab) { return .before(id) }
      try session.checkNeeds(of: request.spec)
      // Before the job itself, in the order of ids; none of them can end unseen from here on.
      let dependencies = try session.lockDependencies(request.spec.after, lab: caller.lab)
      let new = NewJob(
        spec: request.spec, text: text, lab: caller.lab, user: caller.user, confinement: confinement,
        idempotencyKey: request.idempotencyKey, waitsFor: dependencies.count { $0.state != .succeeded },
        moment: try session.moment(of: request.spec))
      guard let created = try session.create(new, submitter: caller.user, message: request.spec.name) else {
        // The same key was used at the same time.
        if let id = try session.jobSubmittedBefore(request, lab: caller.lab) {
          return .before(id)
        }
        throw try session.uniqueConflict(request.spec.unique ?? "", lab: caller.lab)
      }
      try session.insertDependencies(dependencies, job: created.record.id)
      return .now(created)
    }
    // What a job that waits for no other writes is one statement, which needs no transaction around it.
    let submitted =
      request.spec.after.isEmpty ? try await pool.run(submit) : try await pool.transaction(submit)
    switch submitted {
    case .before(let id): return try await job(id, lab: caller.lab)
    case .now(let created):
      announce(created.admitted)
      return created.record
    }
  }

  private enum Submitted {
    case before(JobID)
    case now(CreatedJob)
  }
}

extension Session {
  /// When a new job may begin, where that is not at once.
  fileprivate func moment(of spec: JobSpec) throws -> Timestamp? {
    guard spec.at == nil, let cron = spec.cron.flatMap(CronSchedule.init) else { return spec.at }
    let now: Double = try execute("SELECT extract(epoch FROM now())::float8 AS now").only().get("now")
    return cron.next(after: now)
  }

  /// The job that the lab has submitted with this idempotency key; nil when there is none. Its priority may have been
  /// changed since. (Index jobs_idempotency.)
  fileprivate func jobSubmittedBefore(_ request: SubmitRequest, lab: LabID) throws -> JobID? {
    guard let key = request.idempotencyKey else { return nil }
    let row = try execute(
      "SELECT id, spec FROM jobs WHERE lab_id = $1 AND idempotency_key = $2", lab, key
    ).first
    guard let row else { return nil }
    let id: JobID = try row.get("id")
    var before: JobSpec = try row.json("spec")
    before.priority = request.spec.priority
    guard before == request.spec else {
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
