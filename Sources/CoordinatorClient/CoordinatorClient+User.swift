public import JobModel

/// Calls of people, made with a member's, viewer's or administrator's token.
extension CoordinatorClient {
  /// - Parameter body: with an idempotency key the call is repeated after a broken connection and still
  ///   makes one job.
  public func submit(_ body: SubmitRequest) async throws -> JobRecord {
    try await post("/v1/jobs", body, mayRepeat: body.idempotencyKey != nil)
  }

  /// The newest first.
  /// - Parameter before: only jobs with a lower number, for paging.
  public func jobs(state: JobState? = nil, before: JobID? = nil, limit: Int = 50) async throws -> [JobRecord]
  {
    var query = "limit=\(limit)"
    if let state { query += "&state=\(state.rawValue)" }
    if let before { query += "&before=\(before)" }
    let list: JobList = try await get("/v1/jobs?\(query)")
    return list.jobs
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
  public func retry(_ job: JobID) async throws -> JobRecord {
    try await post("/v1/jobs/\(job)/retry", Nothing(), mayRepeat: false)
  }

  public func logs(
    of job: JobID, after sequence: Int64 = 0, limit: Int = 1_000
  ) async throws -> LogPage {
    try await get("/v1/jobs/\(job)/logs?after=\(sequence)&limit=\(limit)")
  }

  public func workers() async throws -> [WorkerRecord] {
    let list: WorkerList = try await get("/v1/workers")
    return list.workers
  }

  /// Whether the coordinator and its database answer; needs no valid token.
  public func health() async throws { let _: Health = try await get("/v1/health", timeout: 5) }

  /// Whom the client's own token stands for.
  public func me() async throws -> Caller { try await get("/v1/me") }
}

/// `{}`
struct Nothing: Codable {}

struct Health: Decodable { let status: String }
