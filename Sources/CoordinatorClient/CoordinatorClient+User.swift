public import JobModel

/// Calls of people, made with a member's, viewer's or administrator's token.
extension CoordinatorClient {
  /// - Parameter body: with an idempotency key the call is repeated after a broken connection and still
  ///   makes one job.
  public func submit(_ body: SubmitRequest) async throws -> JobRecord {
    try await post("/v1/jobs", body, mayRepeat: body.idempotencyKey != nil)
  }

  /// The newest first.
  /// - Parameters:
  ///   - before: only jobs with a lower number, for paging.
  ///   - label: "name=value": only jobs that bear it.
  ///   - limit: at most so many, 1 to 1000.
  public func jobs(
    state: JobState? = nil, label: String? = nil, before: JobID? = nil, limit: Int = 50
  ) async throws -> [JobRecord] {
    let list: JobList = try await get(
      Self.query(
        "/v1/jobs", ("limit", String(limit)), ("before", before.map { "\($0)" }), ("state", state?.rawValue),
        ("label", label)))
    return list.jobs
  }

  /// Why a job stands where it stands, and when it should go on.
  public func why(_ job: JobID) async throws -> Explanation { try await get("/v1/jobs/\(job)/why") }

  public func change(_ job: JobID, _ body: ChangeJobRequest) async throws -> JobRecord {
    try await post("/v1/jobs/\(job)", body, mayRepeat: true)
  }

  public func quotas() async throws -> [LabQuota] {
    let list: LabQuotaList = try await get("/v1/quotas")
    return list.quotas
  }

  public func setQuota(_ quota: LabQuota) async throws -> LabQuota {
    try await post("/v1/quotas", quota, mayRepeat: true)
  }

  public func changeWorker(_ session: SessionID, _ body: ChangeWorkerRequest) async throws -> WorkerRecord {
    try await post("/v1/workers/\(session)", body, mayRepeat: true)
  }

  public func job(_ id: JobID) async throws -> JobDetail { try await get("/v1/jobs/\(id)") }

  /// The recorded steps of a training job after `step`, oldest first.
  public func steps(of job: JobID, after step: Int = 0) async throws -> [StepRecord] {
    try await get("/v1/jobs/\(job)/steps?after=\(step)")
  }

  /// The groups a step of a training job learnt from.
  public func groups(of job: JobID, step: Int) async throws -> [RolloutGroup] {
    try await get("/v1/jobs/\(job)/steps/\(step)/groups", timeout: 60)
  }

  /// Waits until the job has ended, `seconds` at most, and gives it as it then is.
  public func wait(for job: JobID, upTo seconds: Double) async throws -> JobRecord {
    try await get("/v1/jobs/\(job)/wait?seconds=\(seconds)", timeout: seconds + 30)
  }

  /// - Parameter reason: for the audit log.
  public func cancel(_ job: JobID, reason: String? = nil) async throws -> JobRecord {
    try await post("/v1/jobs/\(job)/cancel", ReasonRequest(reason: reason), mayRepeat: true)
  }

  /// Gives the failed and cancelled tasks of an ended job another try.
  /// - Parameter reason: for the audit log.
  public func retry(_ job: JobID, reason: String? = nil) async throws -> JobRecord {
    try await post("/v1/jobs/\(job)/retry", ReasonRequest(reason: reason), mayRepeat: false)
  }

  public func logs(
    of job: JobID, after sequence: Int64 = 0, limit: Int = 1_000
  ) async throws -> LogPage {
    try await get("/v1/jobs/\(job)/logs?after=\(sequence)&limit=\(limit)")
  }

  public func workers() async throws -> [WorkerRecord] {
    try await pages { before in
      let page: WorkerList = try await get(Self.page("/v1/workers", before: before))
      return (page.workers, page.next)
    }
  }

  /// Whether the coordinator and its database answer; needs no valid token.
  public func health() async throws { let _: Health = try await get("/v1/health", timeout: 5) }

  /// Whom the client's own token stands for.
  public func me() async throws -> Caller { try await get("/v1/me") }
}

/// `{}`
struct Nothing: Codable {}

struct Health: Decodable { let status: String }
