public import JobModel
import OrderedJSON
import PostgresClient

extension JobStore {
  /// Leases up to `limit` ready tasks of the given kinds to a live session of the token, with one commit. Claims that
  /// come while others are under way share one: a fleet that wakes together is served together.
  ///
  /// Does not wait: `waitSeconds` is for whoever calls again.
  public func claim(_ request: ClaimRequest, token: TokenID) async throws -> ClaimReply {
    let claim = try await preferred(request, token: token)
    var tasks: [ClaimedTask] = []
    if let claim { tasks = try await claims([LeaseCall(claim: claim)], take)[0].tasks }
    return try await reply(to: request, token: token, claim, tasks)
  }

  /// Ends tasks as `complete` does and leases the next ones as `claim` does, with one flush for both where nothing
  /// follows from the ends: a worker goes from task to task with half the flushes.
  public func complete(
    _ requests: [CompleteRequest], next: ClaimRequest, token: TokenID
  ) async throws -> (results: [CompletionResult], next: ClaimReply) {
    let claim = try await preferred(next, token: token)
    var tasks: [ClaimedTask] = []
    let results = try await complete(requests) { plain in
      // Where one of many is at fault each comes again by itself: only one of them claims.
      let reply = try await turns([LeaseCall(ended: plain, claim: tasks.isEmpty ? claim : nil)], take)[0]
      if !reply.tasks.isEmpty { tasks = reply.tasks }
      return reply.outcomes
    }
    return (results, try await reply(to: next, token: token, claim, tasks))
  }

  /// What the worker should take; nil when others are better placed for the next task.
  private func preferred(_ request: ClaimRequest, token: TokenID) async throws -> Claim? {
    let limit = min(max(request.limit, 1), Claimer.most)
    var claim = Claim(
      claimer: Claimer(session: request.session, token: token, limit: limit),
      reach: ClaimFrontier.Reach(kinds: request.kinds, free: request.free))
    // A worker that does not say what it holds is no worker with models, and has no preferences.
    guard let loaded = request.loaded else { return claim }
    switch try await pool.run({ session in try session.preference(of: request, loaded, limit: limit) }) {
    case .inTurn: break
    case .held(let held): claim.only = held
    case .leavesNext: return nil
    }
    return claim
  }

  /// Looks where a claim does not look at first, when it has taken nothing.
  private func reply(
    to request: ClaimRequest, token: TokenID, _ claim: Claim?, _ tasks: [ClaimedTask]
  ) async throws -> ClaimReply {
    if !tasks.isEmpty { return ClaimReply(tasks: tasks, sessionAlive: true) }
    guard var claim else {
      let isAlive = try await pool.run { session in try session.isAlive(request.session, token: token) }
      return ClaimReply(tasks: [], sessionAlive: isAlive)
    }
    if claim.only != nil {
      // Others were quicker: it takes what is next.
      claim.only = nil
      let next = try await claims([LeaseCall(claim: claim)], take)[0].tasks
      if !next.isEmpty { return ClaimReply(tasks: next, sessionAlive: true) }
    }
    let second = try await claimAlone(claim)
    if !second.isEmpty {
      // What it could not take at first may stand behind tasks that need more than a slot.
      seenNeeds.note()
      return ClaimReply(tasks: second, sessionAlive: true)
    }
    let (isAlive, unmade) = try await pool.run { session in
      (try session.isAlive(request.session, token: token), try session.jobsToExtend())
    }
    guard isAlive, !unmade.isEmpty else { return ClaimReply(tasks: [], sessionAlive: isAlive) }
    try await extendRanges(of: unmade)
    return ClaimReply(tasks: try await claimAlone(claim), sessionAlive: true)
  }

  /// From the head of the queue, and waiting for the session's row.
  private func claimAlone(_ claim: Claim) async throws -> [ClaimedTask] {
    let claimer = claim.claimer
    let scan = frontier.begin(claim.reach, fromHead: true)
    let leased: Leased
    do {
      let rows = try await pool.transaction { session -> [LeasedRow] in
        guard try session.isAlive(claimer.session, token: claimer.token, keptSo: true) else { return [] }
        return try Session.leased(
          try session.execute(Session.leasing(to: [claimer], claim.reach, after: scan.after)))
      }
      leased = try await described(rows, of: [claimer])
    } catch {
      frontier.end(scan, last: nil, isFull: false)
      throw error
    }
    frontier.end(scan, last: leased.last, isFull: leased.count == claimer.limit)
    return try await settled(leased)[0]
  }

  /// The tasks are leased whatever becomes of what follows; where it fails, others see to it.
  func settled(_ leased: Leased) async throws -> [[ClaimedTask]] {
    if !leased.begun.isEmpty { try? await begin(leased.begun) }
    if !leased.toExtend.isEmpty { try? await extendRanges(of: leased.toExtend, to: .further) }
    return leased.tasks
  }

  /// The commit is not waited for until it is on disk: what a crash takes back, the next claim or completion of the job
  /// does again.
  private func begin(_ jobs: [JobID]) async throws {
    try await pool.transaction { session in
      try session.execute("SELECT set_config('synchronous_commit', 'off', true)")
      try session.begin(jobs)
    }
  }
}

/// Whose claim may take what.
struct Claim: Sendable {
  let claimer: Claimer
  let reach: ClaimFrontier.Reach
  /// None but these tasks; nil for any.
  var only: [TaskID]?
}

extension Session {
  /// (Primary key of worker_sessions.)
  /// - Parameter keptSo: it stays so until the transaction ends.
  fileprivate func isAlive(_ session: SessionID, token: TokenID, keptSo: Bool = false) throws -> Bool {
    let found =
      keptSo
      ? try execute(
        "SELECT 1 FROM worker_sessions WHERE id = $1 AND token_id = $2 AND state = 'alive' FOR SHARE",
        session, token)
      : try execute(
        "SELECT 1 FROM worker_sessions WHERE id = $1 AND token_id = $2 AND state = 'alive'", session, token)
    return found.count == 1
  }
}
