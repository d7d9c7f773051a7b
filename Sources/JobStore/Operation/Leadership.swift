import PostgresClient

/// A leader's term: it rises with every change of leader.
public struct LeaderTerm: Sendable, Equatable {
  public let holder: String
  public let term: Int64
}

/// What one tick of the leader did.
public struct TickReport: Sendable, Equatable {
  public var sessionsLost = 0
  public var tasksTakenBack = 0
  public var tasksAdmitted = 0
  public var tasksPreempted = 0
}

/// Steps of a tick that failed, while the others were taken.
public struct TickFailure: Error, Sendable, CustomStringConvertible {
  public struct Step: Sendable, Equatable {
    public let name: String
    public let error: String
  }

  public let steps: [Step]
  /// What the others did.
  public let report: TickReport

  public var description: String { steps.map { "\($0.name): \($0.error)" }.joined(separator: "; ") }
}

extension JobStore {
  /// Takes or renews the leader's lease by the database's clock. After a gap of 5 s without any leader, such as an
  /// outage of the database, `steady_since` begins anew: until then nobody could be heard.
  /// - Parameter holder: unique to this process.
  /// - Returns: nil while another process leads.
  public func takeLeadership(holder: String, seconds: Double) async throws -> LeaderTerm? {
    try await pool.run { session in
      try session.execute(
        """
        INSERT INTO leader (id, term, holder, expires_at)
        VALUES (1, 1, $1, now() + make_interval(secs => $2))
        ON CONFLICT (id) DO UPDATE SET holder = excluded.holder, expires_at = excluded.expires_at,
          renewed_at = now(),
          steady_since = CASE WHEN leader.renewed_at < now() - interval '5 seconds' THEN now()
            ELSE leader.steady_since END,
          term = leader.term
            + CASE WHEN leader.holder = excluded.holder AND leader.expires_at >= now() THEN 0 ELSE 1 END
        WHERE leader.holder = excluded.holder OR leader.expires_at < now()
        RETURNING term
        """, holder, seconds
      ).first.map { LeaderTerm(holder: holder, term: try $0.get("term")) }
    }
  }

  /// Lets another process lead at once.
  public func resignLeadership(_ term: LeaderTerm) async throws {
    _ = try await pool.run { session in
      try session.execute(
        """
        UPDATE leader SET expires_at = '-infinity' WHERE id = 1 AND holder = $1 AND term = $2
        """, term.holder, term.term
      ).affected
    }
  }

  /// The leader's regular work: take back what silent workers hold and what has not given way in time, see to
  /// deadlines, standstills and repetitions, book what was used, admit what may run next. Every step looks again under
  /// row locks, so that two leaders at the change of a term do no harm. One that fails is no reason to leave out the
  /// others.
  /// - Parameter leads: renews the leader's lease. Asked before a step when the steps before it have taken long; once it
  ///   is false no further step is taken.
  /// - Throws: `TickFailure` when steps have failed, and whatever ends the tick: the database is away, or the task is
  ///   cancelled.
  public func tick(whileLeading leads: () async throws -> Bool = { true }) async throws -> TickReport {
    var report = TickReport()
    var admitted = Admitted.none
    var failures: [TickFailure.Step] = []
    var (isLeading, asked) = (true, ContinuousClock.now)
    func step(_ name: String, _ work: () async throws -> Void) async throws {
      if ContinuousClock.now - asked > .seconds(1) {
        asked = .now
        if isLeading { isLeading = try await leads() }
      }
      guard isLeading else { return }
      do {
        try await work()
      } catch let error where !Task.isCancelled && (error as? PostgresError)?.isUnavailable != true {
        failures.append(TickFailure.Step(name: name, error: "\(error)"))
      }
    }
    try await step("taking back what silent workers hold") {
      let reaped = try await reap()
      (report.sessionsLost, report.tasksTakenBack) = (reaped.sessions, reaped.tasks)
      admitted += reaped.admitted
    }
    try await step("taking back what has not given way") { admitted += try await takeOverdue() }
    try await step("ending late jobs") { try await endLateJobs() }
    try await step("taking back what stands still") { try await takeBackStalled() }
    try await step("repeating jobs") { try await repeatJobs() }
    try await step("holding paused labs") { try await withdrawOfPausedLabs() }
    try await step("booking what was used") { try await bookCharges() }
    try await step("settling jobs") {
      if settling.isDue { try await takeTurns(of: try await pool.run { try $0.jobsToSettle() }) }
    }
    try await step("admitting what waits") {
      let pass = try await admitWaiting()
      report.tasksPreempted = pass.preempted
      admitted += pass.admitted
    }
    announce(admitted)
    report.tasksAdmitted = admitted.count
    guard failures.isEmpty else { throw TickFailure(steps: failures, report: report) }
    return report
  }
}
