public import JobModel
import PostgresClient

extension JobStore {
  /// Ends a task successfully, with everything that follows from it: its result, files, groups and spawned tasks, the
  /// admission of the next stage, and the state of the job. The same completion again, from a worker whose connection
  /// broke after the commit, is accepted and changes nothing.
  /// - Throws: `StoreError.invalid` when the request contradicts the task; nothing is written then.
  public func complete(_ request: CompleteRequest) async throws -> WriteReply {
    let result = try await complete([request])[0]
    switch result.outcome {
    case .accepted: return WriteReply(outcome: .accepted)
    case .stale: return WriteReply(outcome: .stale)
    case .refused: throw StoreError.invalid(result.message ?? "the completion contradicts the task")
    }
  }

  /// Ends many tasks, with one commit for all that only leave something behind, and another one for those that need their
  /// job's lock: the last ones of a stage, those that add tasks or rollout groups, and learners. What follows for a job
  /// that may only have so many at once is a commit of its own. Each has its own outcome, in the order of the requests:
  /// one that is stale or contradicts itself costs the others nothing.
  public func complete(_ requests: [CompleteRequest]) async throws -> [CompletionResult] {
    try await complete(requests) { try await completions([LeaseCall(ended: $0)], take)[0].outcomes }
  }

  /// - Parameter plainly: ends those after which nothing follows; gives an outcome each, nil for one that has to be
  ///   completed under its job's lock.
  func complete(
    _ requests: [CompleteRequest], plainly: ([CompleteRequest]) async throws -> [CompletionOutcome?]
  ) async throws -> [CompletionResult] {
    var outcomes: [(CompletionOutcome, String?)?] = Array(repeating: nil, count: requests.count)
    var (plain, under): ([Int], [Int]) = ([], [])
    var seen: Set<TaskID> = []
    var again: [Int] = []
    for (index, request) in requests.enumerated() {
      if let problem = request.contradiction {
        outcomes[index] = (.refused, problem)
      } else if !seen.insert(request.lease.task).inserted {
        again.append(index)
      } else if request.spawn.isEmpty, request.range == nil, request.groups.isEmpty {
        plain.append(index)
      } else {
        under.append(index)
      }
    }
    func run(
      _ indices: [Int], _ body: ([CompleteRequest]) async throws -> [CompletionOutcome?]
    ) async throws {
      do {
        for (index, outcome) in zip(indices, try await body(indices.map { requests[$0] })) {
          if let outcome { outcomes[index] = (outcome, nil) } else { under.append(index) }
        }
      } catch let error where indices.count > 1 && Self.isOfOne(error) {
        // One of them contradicts the records; alone each gets its own answer.
        for index in indices { try await run([index], body) }
      } catch StoreError.invalid(let message) {
        for index in indices { outcomes[index] = (.refused, message) }
      }
    }
    if !plain.isEmpty { try await run(plain, plainly) }
    if !under.isEmpty { try await run(under) { try await self.completeUnderLock($0) } }
    for index in again { try await run([index]) { try await self.completeUnderLock($0) } }
    return requests.enumerated().map { index, request in
      let (outcome, message) = outcomes[index] ?? (.stale, nil)
      return CompletionResult(
        task: request.lease.task, epoch: request.lease.epoch, outcome: outcome, message: message)
    }
  }

  /// Whether one of many writes is at fault, rather than the database.
  @Sendable static func isOfOne(_ error: any Error) -> Bool {
    guard let error = error as? PostgresError else { return error is StoreError }
    // Misuse is what cannot be sent.
    return error.refusesValue || error.code == .misuse
  }

  /// Two last tasks that complete at once each see the other one running; after their commits, one of them sees that
  /// nothing is left, and takes the turn of their job. (`jobsAtTurn`.)
  func takeTurns(after tasks: [TaskID]) async throws {
    try await takeTurns(of: try await pool.run { session in try session.jobsAtTurn(after: tasks) })
  }

  func takeTurns(of jobs: [JobID]) async throws {
    guard !jobs.isEmpty else { return }
    let admitted = try await pool.transaction { session in
      try session.turn(try session.lockJobs(jobs).values.sorted { $0.id < $1.id })
    }
    announce(admitted)
  }

  private func completeUnderLock(_ requests: [CompleteRequest]) async throws -> [CompletionOutcome?] {
    let leases = requests.map(\.lease)
    let (outcomes, admitted, ended) = try await pool.transaction {
      session -> ([CompletionOutcome?], Admitted, [TaskID]) in
      let jobs = try session.lockJobs(try session.jobsOf(tasks: leases.map(\.task)))
      let ended = try Session.ended(try session.execute(Session.succeeding(leases, underLock: true)))
      let byLease = Dictionary(uniqueKeysWithValues: ended.map { ($0.lease, $0) })
      try session.keep(requests, of: ended)
      for request in requests {
        guard let task = byLease[request.lease] else { continue }
        for group in request.groups { try session.insertGroup(group, task: task.fenced) }
        if let group = request.groups.first, let job = jobs[task.job] {
          try session.markStaleOnArrival(group, of: job)
        }
        try session.addTasks(of: request, to: task)
      }
      for job in Set(ended.filter(\.kind.endsJob).map(\.job)) { try session.withdrawTasks(of: job) }
      let touched = Set(ended.map(\.job))
      let admitted = try session.turn(jobs.values.filter { touched.contains($0.id) }.sorted { $0.id < $1.id })
      let missing = try session.outcomes(of: leases.filter { byLease[$0] == nil })
      return (
        leases.map { byLease[$0] != nil || missing[$0] == .some(.accepted) ? .accepted : .stale },
        admitted, ended.map(\.id)
      )
    }
    announce(admitted)
    if !ended.isEmpty {
      closingStages.note()
      try await takeTurns(after: ended)
    }
    return outcomes
  }
}

extension Session {
  /// What finished tasks leave behind.
  func keep(_ requests: [CompleteRequest], of ended: [EndedTask]) throws {
    let byLease = Dictionary(uniqueKeysWithValues: ended.map { ($0.lease, $0) })
    try storeResults(
      requests.compactMap { request in
        guard let task = byLease[request.lease], request.leavesDetails || task.wasTriedBefore else {
          return nil
        }
        return (task.fenced, request)
      })
    for request in requests {
      guard let task = byLease[request.lease]?.fenced else { continue }
      try insertArtifacts(request.artifacts, task: task)
    }
  }

  /// The tasks that a finished one adds to its job.
  fileprivate func addTasks(of request: CompleteRequest, to task: EndedTask) throws {
    for stage in request.spawn.map(\.stage) + (request.range.map { [$0.stage] } ?? [])
    where stage < task.stage {
      throw StoreError.invalid(
        "task \(task.id) of stage \(task.stage) cannot spawn a task of stage \(stage)")
    }
    try insertTasks(request.spawn, job: task.job)
    if let range = request.range { try insertRange(range, job: task.job) }
  }
}
