public import JobModel
import OrderedJSON
import PostgresClient

extension JobStore {
  private static let mostClaimed = 1000

  /// Leases up to `limit` ready tasks of the given kinds to a live session of the token, with one commit. Claims that
  /// come while others are under way share one: a fleet that wakes together is served together.
  ///
  /// Does not wait: `waitSeconds` is for whoever calls again.
  public func claim(_ request: ClaimRequest, token: TokenID) async throws -> ClaimReply {
    let claim = Claim(
      claimer: Claimer(
        session: request.session, token: token, limit: min(max(request.limit, 1), Self.mostClaimed)),
      reach: ClaimFrontier.Reach(kinds: request.kinds, free: request.free))
    // A worker that does not say what it holds is no worker with models, and has no preferences.
    guard let loaded = request.loaded else { return try await claimNext(claim) }
    switch try await pool.run({ session in
      try session.preference(of: request, loaded, limit: claim.claimer.limit)
    }) {
    case .inTurn: break
    case .held(let held):
      let leased = try await pool.run { session in
        try session.lease(to: [claim.claimer], claim.reach, after: .head, only: held, knownJobs)
      }
      // When others were quicker it takes what is next.
      if !leased.tasks[0].isEmpty {
        return ClaimReply(tasks: try await settled(leased)[0], sessionAlive: true)
      }
    case .leavesNext:
      let isAlive = try await pool.run { session in try session.isAlive(request.session, token: token) }
      return ClaimReply(tasks: [], sessionAlive: isAlive)
    }
    return try await claimNext(claim)
  }

  /// The next tasks in their order.
  private func claimNext(_ claim: Claim) async throws -> ClaimReply {
    let first = try await claims([claim], claimTogether)[0]
    if !first.isEmpty { return ClaimReply(tasks: first, sessionAlive: true) }
    let second = try await claimAlone(claim)
    if !second.isEmpty { return ClaimReply(tasks: second, sessionAlive: true) }
    let (isAlive, unmade) = try await pool.run { session in
      (try session.isAlive(claim.claimer.session, token: claim.claimer.token), try session.jobsToExtend())
    }
    guard isAlive, !unmade.isEmpty else { return ClaimReply(tasks: [], sessionAlive: isAlive) }
    try await extendRanges(of: unmade)
    return ClaimReply(tasks: try await claimAlone(claim), sessionAlive: true)
  }

  /// From where the last claims ended; nothing for a session whose row is locked just now.
  @Sendable private func claimTogether(_ claims: [Claim]) async throws -> [[ClaimedTask]] {
    var replies = [[ClaimedTask]](repeating: [], count: claims.count)
    for indices in Self.statements(of: claims) {
      let (reach, claimers) = (claims[indices[0]].reach, indices.map { claims[$0].claimer })
      let tasks = try await scanning(reach, fromHead: false, limit: claimers.reduce(0) { $0 + $1.limit }) {
        after in
        try await pool.run { session in
          try session.lease(to: claimers, reach, after: after, knownJobs)
        }
      }
      for (index, tasks) in zip(indices, tasks) { replies[index] = tasks }
    }
    return replies
  }

  /// Which claims one statement serves: of one reach, of different sessions, and no more tasks than one may claim.
  private static func statements(of claims: [Claim]) -> [[Int]] {
    var statements: [(reach: ClaimFrontier.Reach, sessions: Set<SessionID>, tasks: Int, claims: [Int])] = []
    for (index, claim) in claims.enumerated() {
      let (session, limit) = (claim.claimer.session, claim.claimer.limit)
      if let place = statements.firstIndex(where: {
        $0.reach == claim.reach && !$0.sessions.contains(session) && $0.tasks + limit <= mostClaimed
      }) {
        statements[place].sessions.insert(session)
        statements[place].tasks += limit
        statements[place].claims.append(index)
      } else {
        statements.append((claim.reach, [session], limit, [index]))
      }
    }
    return statements.map(\.claims)
  }

  /// From the head of the queue, and waiting for the session's row.
  private func claimAlone(_ claim: Claim) async throws -> [ClaimedTask] {
    try await scanning(claim.reach, fromHead: true, limit: claim.claimer.limit) { after in
      try await pool.transaction { session in
        guard try session.isAlive(claim.claimer.session, token: claim.claimer.token, keptSo: true) else {
          return Leased(to: [claim.claimer])
        }
        return try session.lease(to: [claim.claimer], claim.reach, after: after, knownJobs)
      }
    }[0]
  }

  private func scanning(
    _ reach: ClaimFrontier.Reach, fromHead: Bool, limit: Int, _ lease: (ReadyKey) async throws -> Leased
  ) async throws -> [[ClaimedTask]] {
    let scan = frontier.begin(reach, fromHead: fromHead)
    let leased: Leased
    do {
      leased = try await lease(scan.after)
    } catch {
      frontier.end(scan, last: nil, isFull: false)
      throw error
    }
    frontier.end(scan, last: leased.last, isFull: leased.tasks.reduce(0) { $0 + $1.count } == limit)
    return try await settled(leased)
  }

  /// The tasks are leased whatever becomes of what follows; where it fails, others see to it.
  private func settled(_ leased: Leased) async throws -> [[ClaimedTask]] {
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
