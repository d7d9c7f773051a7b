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
      guard !key.isEmpty, OneLine.holds(key, longest: 200) else {
        throw StoreError.invalid("an idempotency key is one line of 1 to 200 characters")
      }
    }
    let created: CreatedJob?
    do {
      created =
        try await request.spec.standsAlone
        ? submitTogether(request, caller, confinement) : submitAlone(request, caller, confinement)
    } catch let error as PostgresError where error.isOfRepeatedKey {
      created = nil
    }
    guard let created else {
      let before = try await pool.run { session in try session.submittedBefore(request, lab: caller.lab) }
      return try await job(before, lab: caller.lab)
    }
    announce(created.admitted)
    return created.record(request.spec, by: caller)
  }

  /// Those that come together share a statement and its commit.
  private func submitTogether(
    _ request: SubmitRequest, _ caller: Caller, _ confinement: PathConfinement?
  ) async throws -> CreatedJob? {
    let new = try NewJob(
      request.spec, lab: caller.lab, user: caller.user, confinement: confinement,
      idempotencyKey: request.idempotencyKey, moment: request.spec.at)
    return try await submissions([new]) { [pool, knownLessons] jobs in
      try await pool.run { session in try session.create(jobs, knownLessons) }
    }[0]
  }

  /// - Returns: nil where it was submitted before, whatever else has changed since.
  private func submitAlone(
    _ request: SubmitRequest, _ caller: Caller, _ confinement: PathConfinement?
  ) async throws -> CreatedJob? {
    try await pool.transaction { [knownLessons] session in
      if try session.jobSubmittedBefore(request, lab: caller.lab) != nil { return nil }
      try session.checkNeeds(of: request.spec)
      // Before the job itself, in the order of ids; none of them can end unseen from here on.
      let dependencies = try session.lockDependencies(request.spec.after, lab: caller.lab)
      let new = try NewJob(
        request.spec, lab: caller.lab, user: caller.user, confinement: confinement,
        idempotencyKey: request.idempotencyKey, waitsFor: dependencies.count { $0.state != .succeeded },
        moment: try session.moment(of: request.spec))
      guard let created = try session.create([new], knownLessons)[0] else { return nil }
      try session.insertDependencies(dependencies, job: created.id)
      return created
    }
  }
}

extension PostgresError {
  /// A job with the same idempotency key, or an unfinished one with the same unique key, came first.
  var isOfRepeatedKey: Bool {
    isUniqueViolation && ["jobs_idempotency", "jobs_unique"].contains(constraint)
  }
}

extension JobSpec {
  /// Nothing has to be looked at before it is stored: no other jobs, no schedule and no workers.
  fileprivate var standsAlone: Bool { after.isEmpty && resources.isSlot && (cron == nil || at != nil) }
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

  /// The job because of which one was not created.
  /// - Throws: `StoreError.conflict` when it is another one with the same unique key.
  fileprivate func submittedBefore(_ request: SubmitRequest, lab: LabID) throws -> JobID {
    if let id = try jobSubmittedBefore(request, lab: lab) { return id }
    throw try uniqueConflict(request.spec.unique ?? "", lab: lab)
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
