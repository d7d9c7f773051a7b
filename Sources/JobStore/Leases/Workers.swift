public import JobModel
import PostgresClient

extension JobStore {
  /// Opens a session for one start of a worker process.
  public func register(_ request: RegisterRequest, token: TokenID) async throws -> RegisterReply {
    guard (1...10000).contains(request.slots), !request.kinds.isEmpty else {
      throw StoreError.invalid(
        "a worker has 1 to 10000 slots and at least one kind of task; found \(request.slots) and "
          + "\(request.kinds.count)")
    }
    let inventory = try StoredJSON.text(request.inventory)
    let id: SessionID = try await pool.transaction { session in
      let id: SessionID = try session.execute(
        """
        INSERT INTO worker_sessions (token_id, process, slots, name, host, version, kinds, inventory)
        VALUES ($1, $2, $3, $4, $5, $6, $7::text[], $8::json) RETURNING id
        """, token, request.process, request.slots, StoredJSON.clean(request.name),
        StoredJSON.clean(request.host), StoredJSON.clean(request.version), request.kinds.map(\.rawValue),
        inventory
      ).only().get("id")
      try session.noteEvent(
        "worker-registered",
        message: "session \(id): \(request.name) on \(request.host), process \(request.process)")
      return id
    }
    return RegisterReply(
      session: id, leaseSeconds: timing.leaseSeconds, heartbeatSeconds: timing.heartbeatSeconds)
  }

  /// Ends a session; what it still runs is given back without cost.
  /// - Parameter token: whose session it must be; nil asks nobody.
  public func endSession(_ request: EndSessionRequest, token: TokenID? = nil) async throws {
    let leases = try await pool.transaction { session -> [Lease] in
      guard try session.endSession(request.session, token: token) else { return [] }
      return try session.leases(of: request.session)
    }
    if !leases.isEmpty {
      _ = try await release(ReleaseRequest(leases: leases, reason: "the worker ended"))
    }
  }

  /// Gives back, without cost, what a session holds and its worker does not name. Claims of the session that are under way
  /// are waited for.
  /// - Parameter token: whose session it must be; of any other nothing is given back. nil asks nobody.
  /// - Returns: how many leases were given back.
  public func releaseForgotten(_ request: ReleaseForgottenRequest, token: TokenID? = nil) async throws -> Int
  {
    let leases = try await pool.transaction { session -> [Lease] in
      guard try session.waitForClaims(of: request.session, token: token) else { return [] }
      return try session.leases(of: request.session)
    }
    let held = Set(request.held)
    let forgotten = leases.filter { !held.contains($0) }
    guard !forgotten.isEmpty else { return 0 }
    try Task.checkCancellation()
    return try await release(
      ReleaseRequest(leases: forgotten, reason: "its worker does not know of it: an answer was lost"))
  }

  /// Sessions that live or ended within a day, newest first. Of their tasks only those of the lab are named, and of what
  /// they have in memory only what its jobs that have not ended use.
  /// - Parameter seesAll: for someone who administers the pool, whatever the lab.
  public func workers(
    lab: LabID, seesAll: Bool = false, before: SessionID? = nil, limit: Int = 1_000
  ) async throws -> WorkerList {
    let page = Page(limit)
    let workers = try await pool.run { session in
      try session.workers(lab: lab, seesAll: seesAll, before: before, limit: page.lookedFor)
    }
    let (elements, next) = page.cut(workers, by: \.session)
    return WorkerList(workers: elements, next: next)
  }
}

extension Session {
  /// - Returns: whether it is the token's session; a call that is repeated may still find leases to give back.
  fileprivate func endSession(_ session: SessionID, token: TokenID?) throws -> Bool {
    let ended = try execute(
      """
      UPDATE worker_sessions SET state = 'ended', over_at = now()
      WHERE id = $1 AND state = 'alive' AND ($2::bigint IS NULL OR token_id = $2)
      """, session, token
    ).affected
    if ended > 0 { try noteEvent("worker-ended", message: "session \(session)") }
    return try ended > 0
      || execute(
        "SELECT 1 FROM worker_sessions WHERE id = $1 AND ($2::bigint IS NULL OR token_id = $2)", session,
        token
      ).count == 1
  }

  /// Claims hold their session's row FOR SHARE. (Primary key of worker_sessions.)
  /// - Returns: whether the session is the token's and lives.
  fileprivate func waitForClaims(of session: SessionID, token: TokenID?) throws -> Bool {
    try execute(
      """
      SELECT 1 FROM worker_sessions WHERE id = $1 AND state = 'alive' AND ($2::bigint IS NULL OR token_id = $2)
      FOR NO KEY UPDATE
      """, session, token
    ).count == 1
  }

  /// (Index tasks_unfinished.)
  fileprivate func leases(of session: SessionID) throws -> [Lease] {
    try execute(
      """
      SELECT id, lease_epoch FROM tasks
      WHERE finished_at IS NULL AND state = 'running' AND session_id = $1 ORDER BY job_id, id
      """, session
    )
    .map { Lease(task: try $0.get("id"), epoch: try $0.get("lease_epoch")) }
  }

  /// (Indices worker_sessions_alive, worker_sessions_ended, tasks_unfinished.)
  fileprivate func workers(lab: LabID, seesAll: Bool, before: SessionID?, limit: Int) throws -> [WorkerRecord]
  {
    try execute(
      """
      WITH shown AS MATERIALIZED (
        (SELECT id FROM worker_sessions WHERE state = 'alive' AND ($2::bigint IS NULL OR id < $2))
        UNION ALL
        (SELECT id FROM worker_sessions WHERE over_at > now() - interval '1 day' AND ($2::bigint IS NULL OR id < $2))
        ORDER BY id DESC LIMIT $3
      )
      SELECT w.id, w.name, w.host, w.process, w.version, w.kinds, w.slots, w.state = 'alive' AS alive,
        w.draining, w.inventory, w.devices, ARRAY(SELECT held.key FROM unnest(w.loaded) AS held (key)
          WHERE $4 OR held.key = ANY(ARRAY(SELECT checkpoint FROM jobs WHERE lab_id = $1 AND finished_at IS NULL))
            OR EXISTS (SELECT 1 FROM jobs r WHERE held.key ~ '^run/[0-9]{1,18}$' AND r.lab_id = $1
              AND r.id = substring(held.key FROM '^run/([0-9]{1,18})$')::bigint)) AS loaded,
        extract(epoch FROM w.started_at)::float8 AS started_at,
        extract(epoch FROM w.last_seen_at)::float8 AS last_seen_at,
        coalesce(array_agg(t.id ORDER BY t.id) FILTER (WHERE j.lab_id = $1), '{}') AS tasks,
        count(t.id) AS running
      FROM worker_sessions w
      LEFT JOIN tasks t ON t.session_id = w.id AND t.finished_at IS NULL AND t.state = 'running'
      LEFT JOIN jobs j ON j.id = t.job_id
      WHERE w.id = ANY(ARRAY(SELECT id FROM shown)) GROUP BY w.id ORDER BY w.id DESC
      """, lab, before, limit, seesAll
    ).map { row in
      WorkerRecord(
        session: try row.get("id"), name: try row.get("name"), host: try row.get("host"),
        process: try row.get("process"), version: try row.get("version"),
        kinds: try row.get("kinds", as: [String].self).compactMap(TaskKind.init(rawValue:)),
        slots: try row.get("slots"), alive: try row.get("alive"),
        draining: try row.get("draining"), inventory: try row.json("inventory"),
        loaded: try row.get("loaded"), devices: try row.jsonIfPresent("devices") ?? [],
        startedAt: try row.get("started_at"),
        lastSeenAt: try row.get("last_seen_at"), tasks: try row.get("tasks"),
        running: try row.get("running"))
    }
  }
}
