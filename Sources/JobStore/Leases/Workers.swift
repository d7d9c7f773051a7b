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

  /// Renews a session and with it all leases it holds, stores progress, and says of each lease whether it still
  /// holds. Task rows are not touched: the lease is the session's.
  /// - Parameter token: whose session it must be; to any other it is dead. nil asks nobody.
  public func heartbeat(_ request: HeartbeatRequest, token: TokenID? = nil) async throws -> HeartbeatReply {
    try await pool.transaction { session in
      let alive = try session.renew(request, token: token)
      let verdicts = try session.verdicts(for: request, alive: alive)
      for (renewal, verdict) in zip(request.leases, verdicts)
      where verdict == .renewed || verdict == .yieldRequested {
        if let progress = renewal.progress { try session.storeProgress(progress, task: renewal.task) }
      }
      return HeartbeatReply(
        sessionAlive: alive,
        results: zip(request.leases, verdicts).map {
          .init(task: $0.task, epoch: $0.epoch, verdict: $1)
        })
    }
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

  /// Sessions that live or were seen within a day, newest first. Of their tasks only those of the lab are named.
  public func workers(lab: LabID, before: SessionID? = nil, limit: Int = 1_000) async throws -> WorkerList {
    let page = Page(limit)
    let workers = try await pool.run { session in
      try session.workers(lab: lab, before: before, limit: page.lookedFor)
    }
    let (elements, next) = page.cut(workers, by: \.session)
    return WorkerList(workers: elements, next: next)
  }
}

extension Session {
  /// (Primary key of worker_sessions.)
  fileprivate func renew(_ request: HeartbeatRequest, token: TokenID?) throws -> Bool {
    try execute(
      """
      UPDATE worker_sessions SET last_seen_at = now(), loaded = coalesce($3::text[], loaded)
      WHERE id = $1 AND state = 'alive' AND ($2::bigint IS NULL OR token_id = $2)
      """, request.session, token, request.loaded.map(Self.checkpoints)
    ).affected == 1
  }

  /// A worker holds a few; what it says is not trusted to be short.
  private static func checkpoints(_ names: [String]) -> [String] {
    names.prefix(16).map { StoredJSON.clean(String($0.prefix(1_000))) }
  }

  /// (Primary key of tasks.)
  fileprivate func verdicts(
    for request: HeartbeatRequest, alive: Bool
  ) throws -> [HeartbeatReply.Verdict] {
    guard !request.leases.isEmpty else { return [] }
    let rows = try execute(
      """
      SELECT t.id, t.lease_epoch, t.state, t.session_id, t.yield_by IS NOT NULL AS yields
      FROM tasks t WHERE t.id = ANY($1::bigint[])
      """, request.leases.map(\.task))
    var found: [TaskID: (epoch: Epoch, state: TaskState, holder: SessionID?, yields: Bool)] = [:]
    for index in 0..<rows.count {
      let row = rows[index]
      found[try row.get("id")] = (
        try row.get("lease_epoch"), try row.name("state"), try row.getIfPresent("session_id"),
        try row.get("yields")
      )
    }
    return request.leases.map { lease in
      guard let task = found[lease.task], task.holder == request.session else { return .lost }
      if alive, task.state == .running, task.epoch == lease.epoch {
        return task.yields ? .yieldRequested : .renewed
      }
      // Cancelling raises the epoch once more, in place of whatever the worker would have written.
      if task.state == .cancelled, task.epoch - 1 == lease.epoch { return .cancelRequested }
      return .lost
    }
  }

  /// - Returns: whether it is the token's session; a call that is repeated may still find leases to give back.
  fileprivate func endSession(_ session: SessionID, token: TokenID?) throws -> Bool {
    let ended = try execute(
      """
      UPDATE worker_sessions SET state = 'ended'
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

  /// (Index tasks_running.)
  fileprivate func leases(of session: SessionID) throws -> [Lease] {
    try execute("SELECT id, lease_epoch FROM tasks WHERE session_id = $1 AND state = 'running'", session)
      .map { Lease(task: try $0.get("id"), epoch: try $0.get("lease_epoch")) }
  }

  fileprivate func workers(lab: LabID, before: SessionID?, limit: Int) throws -> [WorkerRecord] {
    try execute(
      """
      SELECT w.id, w.name, w.host, w.process, w.version, w.kinds, w.slots, w.state = 'alive' AS alive,
        w.draining, w.inventory, w.loaded,
        extract(epoch FROM w.started_at)::float8 AS started_at,
        extract(epoch FROM w.last_seen_at)::float8 AS last_seen_at,
        coalesce(array_agg(t.id ORDER BY t.id) FILTER (WHERE j.lab_id = $1), '{}') AS tasks,
        count(t.id) AS running
      FROM worker_sessions w
      LEFT JOIN tasks t ON t.session_id = w.id AND t.state = 'running'
      LEFT JOIN jobs j ON j.id = t.job_id
      WHERE (w.state = 'alive' OR w.last_seen_at > now() - interval '1 day')
        AND ($2::bigint IS NULL OR w.id < $2)
      GROUP BY w.id ORDER BY w.id DESC LIMIT $3
      """, lab, before, limit
    ).map { row in
      WorkerRecord(
        session: try row.get("id"), name: try row.get("name"), host: try row.get("host"),
        process: try row.get("process"), version: try row.get("version"),
        kinds: try row.get("kinds", as: [String].self).compactMap(TaskKind.init(rawValue:)),
        slots: try row.get("slots"), alive: try row.get("alive"),
        draining: try row.get("draining"), inventory: try row.json("inventory"),
        loaded: try row.get("loaded"),
        startedAt: try row.get("started_at"),
        lastSeenAt: try row.get("last_seen_at"), tasks: try row.get("tasks"),
        running: try row.get("running"))
    }
  }
}
