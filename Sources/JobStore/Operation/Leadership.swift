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
  /// row locks, so that two leaders at the change of a term do no harm.
  public func tick() async throws -> TickReport {
    let reaped = try await reap()
    let overdue = try await takeOverdue()
    try await enforceRules()
    try await withdrawOfPausedLabs()
    try await bookCharges()
    if settling.isDue { try await takeTurns(of: try await pool.run { try $0.jobsToSettle() }) }
    let pass = try await admitWaiting()
    let admitted = pass.admitted + reaped.admitted + overdue
    announce(admitted)
    return TickReport(
      sessionsLost: reaped.sessions, tasksTakenBack: reaped.tasks, tasksAdmitted: admitted.count,
      tasksPreempted: pass.preempted)
  }
}
