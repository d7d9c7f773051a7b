import JobModel
import PostgresClient

extension JobStore {
  /// Declares silent sessions dead, then takes back every task that a session which is not alive still runs.
  ///
  /// The second part does not only look at sessions that died just now, so that a reaper which dies between the
  /// two leaves nothing behind. An interruption costs no attempt; a task interrupted as often as the policy's
  /// cap allows is taken for one that kills its workers, and fails.
  /// - Returns: sessions declared dead, tasks taken back, tasks made ready.
  func reap() async throws -> (sessions: Int, tasks: Int, admitted: Admitted) {
    let silence = timing.leaseSeconds
    let policy = retryPolicy
    let dead = try await pool.run { session in try session.burySilentSessions(after: silence) }
    let over = try await pool.run { session in try session.sessionsToVacate() }
    guard !over.isEmpty else { return (dead, 0, .none) }
    let orphans = try await pool.run { session in try session.orphans(of: over) }
    guard !orphans.isEmpty else {
      try await pool.run { session in try session.vacate(over) }
      return (dead, 0, .none)
    }
    let (taken, admitted) = try await pool.transaction { session -> (Int, Admitted) in
      let jobs = try session.lockJobs(Array(Set(orphans.map(\.job))))
      var taken = 0
      for orphan in orphans {
        guard try session.isOrphan(orphan.lease), let task = try session.hold(orphan.lease) else { continue }
        taken += 1
        try session.charge(task.id)
        let range = try session.range(of: task)
        let decision = policy.decision(
          for: .interrupted, attempt: task.attempt, maxAttempts: task.job.maxAttempts,
          interruptions: task.interruptions, items: range?.items.count)
        if decision == .split || decision == .quarantine {
          _ = try session.isolate(
            task, range, decision,
            because: "\(task.interruptions + 1) workers vanished while they worked on it")
        } else if decision == .giveUp {
          let failure = TaskFailure(
            .interrupted,
            "interrupted \(task.interruptions + 1) times: its workers keep vanishing while they run it")
          try session.storeFailure(failure, task: task.fenced)
          try session.failForGood(task, failure)
        } else {
          try session.putBackInterrupted(task)
          try session.noteEvent(
            "task-interrupted", lab: task.job.lab, job: task.job.id, task: task.id,
            message: "worker \(orphan.worker) fell silent")
        }
      }
      var admitted = Admitted.none
      for job in jobs.values.sorted(by: { $0.id < $1.id }) where !job.state.isFinal {
        admitted += try session.admit(job)
      }
      return (taken, admitted)
    }
    return (dead, taken, admitted)
  }
}

private struct Orphan: Sendable {
  let lease: Lease
  let job: JobID
  let worker: String
}

extension Session {
  /// (Index worker_sessions_alive.) A session whose claim hangs is passed over until the statement timeout has ended it:
  /// nobody waits for it. Silence counts only while a leader has led without a gap: when the database was away nobody could be heard.
  fileprivate func burySilentSessions(after seconds: Double) throws -> Int {
    try execute(
      """
      WITH dead AS (
        UPDATE worker_sessions SET state = 'dead', over_at = now() WHERE id IN (
          SELECT id FROM worker_sessions
          WHERE state = 'alive' AND last_seen_at < now() - make_interval(secs => $1)
            AND NOT EXISTS (SELECT 1 FROM leader WHERE steady_since > now() - make_interval(secs => $1))
          FOR UPDATE SKIP LOCKED)
        RETURNING id, name, host
      )
      INSERT INTO events (kind, message)
      SELECT 'worker-lost', 'session ' || id || ': ' || name || ' on ' || host || ' fell silent' FROM dead
      """, seconds
    ).affected
  }

  /// Sessions that are over and may still hold leases. They get no more: a claim holds its session's row. (Index
  /// worker_sessions_over.)
  fileprivate func sessionsToVacate() throws -> [SessionID] {
    try execute(
      "SELECT id FROM worker_sessions WHERE state <> 'alive' AND NOT vacated ORDER BY id LIMIT 1000"
    ).map { try $0.get("id") }
  }

  /// The caller has found no lease of theirs. (Primary key of worker_sessions.)
  fileprivate func vacate(_ sessions: [SessionID]) throws {
    try execute("UPDATE worker_sessions SET vacated = true WHERE id = ANY($1::bigint[])", sessions)
  }

  /// What sessions that are over still run. (Index tasks_unfinished.)
  fileprivate func orphans(of sessions: [SessionID]) throws -> [Orphan] {
    try execute(
      """
      SELECT t.id, t.lease_epoch, t.job_id, (SELECT name FROM worker_sessions WHERE id = t.session_id) AS name
      FROM tasks t
      WHERE t.finished_at IS NULL AND t.state = 'running' AND t.session_id = ANY($1::bigint[])
      ORDER BY t.job_id, t.id LIMIT 1000
      """, sessions
    ).map { row in
      Orphan(
        lease: Lease(task: try row.get("id"), epoch: try row.get("lease_epoch")),
        job: try row.get("job_id"), worker: try row.get("name"))
    }
  }

  /// Looks again under the locks.
  fileprivate func isOrphan(_ lease: Lease) throws -> Bool {
    try execute(
      """
      SELECT 1 FROM tasks t WHERE t.id = $1 AND t.lease_epoch = $2 AND t.state = 'running'
        AND (SELECT state FROM worker_sessions WHERE id = t.session_id) <> 'alive'
      """, lease.task, lease.epoch
    ).count == 1
  }
}
