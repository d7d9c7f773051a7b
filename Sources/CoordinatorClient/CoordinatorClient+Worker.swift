public import JobModel

/// Calls of workers, made with a worker's token.
extension CoordinatorClient {
  public func register(_ body: RegisterRequest) async throws -> RegisterReply {
    // Seen twice it leaves a session that nobody uses and that the reaper ends.
    try await post("/v1/sessions", body, mayRepeat: true)
  }

  /// - Parameter timeout: a renewal that takes longer is worth nothing any more; seconds.
  public func heartbeat(_ body: HeartbeatRequest, timeout: Double) async throws -> HeartbeatReply {
    try await post(
      "/v1/sessions/\(body.session)/heartbeat", body, mayRepeat: true, timeout: timeout, patience: .once)
  }

  /// - Returns: how many leases were taken back.
  public func releaseForgotten(_ body: ReleaseForgottenRequest, patience: Patience) async throws -> Int {
    let reply: [String: Int] = try await post(
      "/v1/sessions/\(body.session)/forgotten", body, mayRepeat: true, patience: patience)
    return reply["released"] ?? 0
  }

  public func endSession(_ body: EndSessionRequest, patience: Patience) async throws {
    try await post("/v1/sessions/\(body.session)/end", body, mayRepeat: true, patience: patience)
  }

  /// Waits for work up to `body.waitSeconds`. Repeated only while the coordinator has seen nothing: a claim
  /// whose answer is lost may have leased tasks.
  public func claim(_ body: ClaimRequest) async throws -> ClaimReply {
    try await post("/v1/claim", body, mayRepeat: false, timeout: body.waitSeconds + 30)
  }

  public func complete(_ body: CompleteRequest, patience: Patience) async throws -> WriteReply {
    try await post(
      "/v1/tasks/\(body.lease.task)/complete", body, mayRepeat: true, timeout: 120, patience: patience)
  }

  /// Ends several tasks; each has its own outcome, in the order given.
  public func complete(_ tasks: [CompleteRequest], patience: Patience) async throws -> [CompletionResult] {
    try await complete(CompleteTasksRequest(tasks: tasks), mayRepeat: true, patience).results
  }

  /// Ends tasks and leases the next ones. Repeated only while the coordinator has seen nothing: where the answer is lost,
  /// the tasks may have ended and others may have been leased.
  public func complete(
    _ tasks: [CompleteRequest], next: ClaimRequest, patience: Patience
  ) async throws -> (results: [CompletionResult], next: ClaimReply) {
    let reply = try await complete(CompleteTasksRequest(tasks: tasks, next: next), mayRepeat: false, patience)
    // A coordinator of an earlier version has not heard of the question.
    return (reply.results, reply.next ?? ClaimReply(tasks: [], sessionAlive: true))
  }

  private func complete(
    _ request: CompleteTasksRequest, mayRepeat: Bool, _ patience: Patience
  ) async throws -> CompleteTasksReply {
    let tasks = request.tasks
    let reply: CompleteTasksReply = try await post(
      "/v1/tasks/complete", request, mayRepeat: mayRepeat, timeout: 120, patience: patience)
    guard reply.results.map(\.task) == tasks.map(\.lease.task) else {
      throw CoordinatorError(
        kind: .unexpected, code: "unreadable-reply",
        message: "the coordinator's outcomes are not those of the \(tasks.count) tasks it was told of")
    }
    return reply
  }

  public func fail(_ body: FailRequest, patience: Patience) async throws -> FailReply {
    try await post("/v1/tasks/\(body.lease.task)/fail", body, mayRepeat: true, patience: patience)
  }

  public func release(_ body: ReleaseRequest, patience: Patience) async throws {
    try await post("/v1/tasks/release", body, mayRepeat: true, patience: patience)
  }

  public func appendLogs(_ body: AppendLogsRequest, patience: Patience) async throws -> WriteReply {
    try await post("/v1/tasks/\(body.lease.task)/logs", body, mayRepeat: true, patience: patience)
  }

  /// The job around a task under lease: its other tasks with their results, and its trusted files.
  public func job(of task: ClaimedTask) async throws -> JobDetail {
    try await post(
      "/v1/tasks/\(task.id)/job", JobOfTaskRequest(lease: task.lease, job: task.job, lab: task.lab),
      mayRepeat: true)
  }
}

private struct JobOfTaskRequest: Encodable {
  let lease: Lease
  let job: JobID
  let lab: LabID
}

/// Calls of a learner, under the lease of its learn task.
extension CoordinatorClient {
  public func openRollouts(_ body: OpenRolloutsRequest) async throws -> OpenRolloutsReply {
    try await post("/v1/tasks/\(body.lease.task)/rollouts", body, mayRepeat: true, timeout: 60)
  }

  /// - Parameters:
  ///   - atLeast: the coordinator waits until so many of the asked groups are committed…
  ///   - waitSeconds: … but no longer than this.
  public func groups(
    _ body: CommittedGroupsRequest, atLeast: Int, waitSeconds: Double
  ) async throws -> CommittedGroupsReply {
    try await post(
      "/v1/tasks/\(body.lease.task)/groups?at_least=\(atLeast)&wait=\(waitSeconds)", body,
      mayRepeat: true, timeout: waitSeconds + 60)
  }

  public func recordStep(_ body: RecordStepRequest) async throws -> RecordStepReply {
    try await post("/v1/tasks/\(body.lease.task)/steps", body, mayRepeat: true)
  }

  public func announceVersion(_ body: AnnounceVersionRequest) async throws -> WriteReply {
    try await post("/v1/tasks/\(body.lease.task)/versions", body, mayRepeat: true)
  }

  public func runState(_ body: RunStateRequest) async throws -> RunState {
    try await post("/v1/tasks/\(body.lease.task)/run", body, mayRepeat: true)
  }
}
