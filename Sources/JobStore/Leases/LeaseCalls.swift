import JobModel
import PostgresClient

/// What a call asks of the leases: that tasks end, that tasks are leased, or both.
struct LeaseCall: Sendable {
  /// Those that are better ended under their jobs' locks are left alone (`JobStore.commit`).
  var ended: [CompleteRequest] = []
  var claim: Claim?

  /// How many it is about.
  var tasks: Int { ended.count + (claim?.claimer.limit ?? 0) }
}

struct LeaseReply: Sendable {
  /// For each task that was to end; nil for one that has to be completed under its job's lock.
  var outcomes: [CompletionOutcome?] = []
  var tasks: [ClaimedTask] = []
}

extension JobStore {
  /// From so many tasks on, ending them beside the claim of others saves more than the second connection costs.
  private static let manyAtOnce = 8

  /// Does what the calls ask with one flush: ends their tasks, and then leases others, from where the last claims ended;
  /// nothing to a session whose row is locked just now, so that a transaction which holds ended tasks does not wait for
  /// a session or for a ready task.
  @Sendable func take(_ calls: [LeaseCall]) async throws -> [LeaseReply] {
    let requests = calls.flatMap(\.ended)
    let claims = SharedClaim.merging(calls, onlySlots: !seenNeeds.areRecent)
    let scans = claims.map { $0.only == nil ? frontier.begin($0.reach) : nil }
    let before = closingStages.count
    let commit: LeaseCommit
    let leased: [Leased]
    do {
      commit = try await self.commit(requests, claims, after: scans.map { $0?.after ?? .head })
      leased = try await described(commit.leased, of: claims)
    } catch {
      for scan in scans { scan.map { frontier.end($0, last: nil, isFull: false) } }
      throw error
    }
    let ended = commit.ended
    // From here on everything is committed, and a failure would cost others than whose it is their leases.
    var replies = calls.map { _ in LeaseReply() }
    for (claim, (scan, leased)) in zip(claims, zip(scans, leased)) {
      scan.map { frontier.end($0, last: leased.last, isFull: leased.count == claim.limit) }
      for (index, tasks) in zip(claim.calls, try await settled(leased)) { replies[index].tasks = tasks }
    }
    // Where this fails, or the last of a stage was another coordinator's, the leader's tick sees that nothing is left.
    try? await goOn(after: commit, leasing: replies, since: before)
    if ended.count == requests.count {
      for (index, call) in calls.enumerated() {
        replies[index].outcomes = Array(repeating: .accepted, count: call.ended.count)
      }
      return replies
    }
    let accepted = Set(ended.map(\.lease))
    // Where nothing is known of them, whoever completes them under their jobs' locks looks again.
    let missing = requests.map(\.lease).filter { !accepted.contains($0) }
    let found = try? await pool.run { session in try session.outcomes(of: missing) }
    for (index, call) in calls.enumerated() {
      replies[index].outcomes = call.ended.map { request in
        if accepted.contains(request.lease) { return .accepted }
        guard let found else { return nil }
        return found[request.lease] ?? .stale
      }
    }
    return replies
  }

  /// Takes the turns of the jobs of tasks that have ended, where they are due.
  /// - Parameters:
  ///   - leased: what the commit leased: the stages of those tasks are not over, and whoever ends them sees that the
  ///     ended ones are.
  ///   - before: how many closing stages there were before the commit.
  private func goOn(after commit: LeaseCommit, leasing leased: [LeaseReply], since before: Int) async throws {
    let ended = commit.ended
    guard !ended.isEmpty else { return }
    let stages = StageOfJob.all(of: ended.lazy.map { StageOfJob(job: $0.job, stage: $0.stage) })
    let open = StageOfJob.all(
      of: leased.lazy.flatMap(\.tasks).map { StageOfJob(job: $0.job, stage: $0.stage) })
    if stages.contains(where: { $0 != commit.followed && !open.contains($0) }) { closingStages.note() }
    var due = try await cappedJobs(Set(stages.map(\.job)))
    if closingStages.count != before {
      let others = ended.filter { !due.contains($0.job) }.map(\.id)
      let over = try await pool.run { session in try session.jobsAtTurn(after: others) }
      if !over.isEmpty { stageEnds.note() }
      due.formUnion(over)
    }
    try await takeTurns(of: due.sorted())
  }

  /// Those of which only so many tasks may be out at once: where some have ended, others may be admitted.
  private func cappedJobs(_ jobs: Set<JobID>) async throws -> Set<JobID> {
    let unknown = jobs.filter { knownJobs.isCapped($0) == nil }
    if !unknown.isEmpty {
      knownJobs.add(try await pool.run { session in try session.claimedJobs(Array(unknown)) })
    }
    return jobs.filter { knownJobs.isCapped($0) == true }
  }

  /// - Throws: `PostgresError` as of a database that is away: what was leased is not known to whom it was leased.
  private func described(_ rows: [[LeasedRow]], of claims: [SharedClaim]) async throws -> [Leased] {
    do {
      var leased: [Leased] = []
      for (claim, rows) in zip(claims, rows) { leased.append(try await described(rows, of: claim.claimers)) }
      return leased
    } catch {
      throw PostgresError(.unavailable, "tasks were leased, and what they are could not be read: \(error)")
    }
  }

  /// Ends the tasks and leases others. Where stages end often it looks before (`StageEnds`): when nothing but these is left
  /// of the first one's stage they are left alone, to be ended under their job's lock. Nothing follows from the others
  /// but what can come after the commit, so completions of one job share flushes. Of somebody alone with many tasks the
  /// ends and the claim run at the same time (`Session.end(_:_:beside:_:keeping:)`).
  private func commit(
    _ requests: [CompleteRequest], _ claims: [SharedClaim], after: [ReadyKey]
  ) async throws -> LeaseCommit {
    let leases = requests.map(\.lease)
    let looksAhead = !leases.isEmpty && !stageEnds.areRare
    let ending = leases.isEmpty ? [] : [Session.succeeding(leases)]
    let claiming = try zip(claims, after).map { try $0.leasing(after: $1) }
    @Sendable func execute(in session: Session) throws -> LeaseCommit {
      let rest = looksAhead ? try session.restOfStage(beside: leases) : nil
      let isLast = looksAhead && rest == nil
      var rows = try session.executeTogether((isLast ? [] : ending) + claiming)[...]
      var commit = LeaseCommit()
      if !isLast, !leases.isEmpty { commit.ended = try Session.ended(rows.removeFirst()) }
      if rest == .ready, let first = leases.map(\.task).min() {
        commit.followed = commit.ended.first { $0.id == first }.map {
          StageOfJob(job: $0.job, stage: $0.stage)
        }
      }
      commit.leased = try zip(claims, rows).map { try $0.leased($1) }
      commit.isLast = isLast
      return commit
    }
    let keeps = requests.contains { $0.leavesDetails || !$0.artifacts.isEmpty }
    let usage = pool.usage
    let isAlone =
      !looksAhead && claims.count == 1 && leases.count >= Self.manyAtOnce && usage.idle == usage.open
    let commit = try await pool.run { session in
      if isAlone, session.openSecond() {
        return try session.end(requests, ending[0], beside: claims[0], claiming[0], keeping: keeps)
      }
      guard keeps else { return try execute(in: session) }
      return try session.transaction { session in
        let commit = try execute(in: session)
        try session.keep(requests, of: commit.ended)
        return commit
      }
    }
    if !keeps, commit.ended.contains(where: \.wasTriedBefore) {
      // Takes the words of an earlier failure away, and is worth no failure.
      try? await pool.run { session in try session.keep(requests, of: commit.ended) }
    }
    if !leases.isEmpty { commit.isLast ? stageEnds.note() : stageEnds.noteNone() }
    return commit
  }
}

/// What a commit has done.
struct LeaseCommit: Sendable {
  var ended: [EndedTask] = []
  /// For each claim.
  var leased: [[LeasedRow]] = []
  /// A stage of ended tasks of which, when they ended, the last unfinished task waited to be claimed: it is not over.
  var followed: StageOfJob?
  /// It has ended none, because nothing else was left of a stage.
  var isLast = false
}

struct StageOfJob: Hashable, Sendable {
  let job: JobID
  let stage: Int

  /// Each of them once. Tasks of a stage mostly follow each other.
  static func all(of tasks: some Sequence<StageOfJob>) -> Set<StageOfJob> {
    var (all, last): (Set<StageOfJob>, StageOfJob?) = ([], nil)
    for stage in tasks where stage != last {
      all.insert(stage)
      last = stage
    }
    return all
  }
}
