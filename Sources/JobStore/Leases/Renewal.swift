public import JobModel
import PostgresClient

/// A heartbeat and whose session it must be.
public struct Heartbeat: Sendable {
  public let request: HeartbeatRequest
  public let token: TokenID

  public init(_ request: HeartbeatRequest, token: TokenID) {
    self.request = request
    self.token = token
  }
}

extension JobStore {
  /// Renews many sessions in one transaction, each as `heartbeat` does.
  /// - Returns: for each a reply, or nil where it has to be asked about alone: its session is locked by someone just
  ///   now, for whom the others shall not wait, or is not alive; or one of them contradicts the records.
  public func renewTogether(_ heartbeats: [Heartbeat]) async throws -> [HeartbeatReply?] {
    var first: [SessionID: Int] = [:]
    for (index, heartbeat) in heartbeats.enumerated() where first[heartbeat.request.session] == nil {
      first[heartbeat.request.session] = index
    }
    let together = first.values.sorted()
    var replies = [HeartbeatReply?](repeating: nil, count: heartbeats.count)
    do {
      let found = try await pool.transaction { session in
        try session.renewTogether(together.map { heartbeats[$0] })
      }
      for (index, reply) in zip(together, found) { replies[index] = reply }
    } catch let error where Self.isOfOne(error) {
    }
    return replies
  }

  /// Renews a session and with it all leases it holds, stores progress, and says of each lease whether it still holds.
  /// Task rows are not touched: the lease is the session's.
  /// - Parameter token: whose session it must be; to any other it is dead. nil asks nobody.
  public func heartbeat(_ request: HeartbeatRequest, token: TokenID? = nil) async throws -> HeartbeatReply {
    try await pool.transaction { session in
      let alive = try session.renew(request, token: token)
      return try session.answer([request], alive: [alive])[0]
    }
  }
}

extension Session {
  /// Of sessions that nobody has locked, in the order of their ids. (Primary key of worker_sessions.)
  /// - Returns: nil for those that are not renewed.
  fileprivate func renewTogether(_ heartbeats: [Heartbeat]) throws -> [HeartbeatReply?] {
    let renewed = Set(
      try execute(
        """
        UPDATE worker_sessions w SET last_seen_at = now(), devices = coalesce(given.devices::json, w.devices)
        FROM unnest($1::bigint[], $2::bigint[], $3::text[]) AS given (session, token, devices)
        WHERE w.id = ANY(ARRAY(SELECT id FROM worker_sessions WHERE id = ANY($1::bigint[]) AND state = 'alive'
            ORDER BY id FOR NO KEY UPDATE SKIP LOCKED))
          AND w.id = given.session AND w.token_id = given.token
        RETURNING w.id
        """, heartbeats.map(\.request.session), heartbeats.map(\.token),
        try heartbeats.map { try Self.devices($0.request) }
      ).map { try $0.get("id", as: SessionID.self) })
    let requests = heartbeats.map(\.request).filter { renewed.contains($0.session) }
    try noteLoaded(requests)
    let answers = try answer(requests, alive: requests.map { _ in true })
    let bySession = Dictionary(uniqueKeysWithValues: zip(requests.map(\.session), answers))
    return heartbeats.map { bySession[$0.request.session] }
  }

  /// (Primary key of worker_sessions.)
  fileprivate func renew(_ request: HeartbeatRequest, token: TokenID?) throws -> Bool {
    let isRenewed =
      try execute(
        """
        UPDATE worker_sessions SET last_seen_at = now(), devices = coalesce($3::json, devices)
        WHERE id = $1 AND state = 'alive' AND ($2::bigint IS NULL OR token_id = $2)
        """, request.session, token, try Self.devices(request)
      ).affected == 1
    if isRenewed { try noteLoaded([request]) }
    return isRenewed
  }

  /// What the workers have in memory, where that has changed. (Primary key of worker_sessions.)
  private func noteLoaded(_ requests: [HeartbeatRequest]) throws {
    for request in requests {
      guard let loaded = request.loaded.map(Self.checkpoints) else { continue }
      try execute(
        "UPDATE worker_sessions SET loaded = $2::text[] WHERE id = $1 AND loaded IS DISTINCT FROM $2::text[]",
        request.session, loaded)
    }
  }

  /// The use of a worker's GPUs as it is stored; nil where it says nothing of it.
  private static func devices(_ request: HeartbeatRequest) throws -> String? {
    try request.devices.map { reports in
      try StoredJSON.text(
        reports.prefix(DeviceReport.most).map { report in
          var report = report
          report.utilization = report.utilization.flatMap { $0.isFinite ? min(1, max(0, $0)) : nil }
          return report
        })
    }
  }

  /// A worker holds a few; what it says is not trusted to be short.
  private static func checkpoints(_ names: [String]) -> [String] {
    names.prefix(16).map { StoredJSON.clean(String($0.prefix(1_000))) }
  }

  /// Verdicts on the leases, and the progress of those that hold.
  fileprivate func answer(_ requests: [HeartbeatRequest], alive: [Bool]) throws -> [HeartbeatReply] {
    let tasks = try tasks(requests.flatMap(\.leases).map(\.task))
    var progress: [(FencedTask, TaskProgress)] = []
    let replies = zip(requests, alive).map { request, alive in
      HeartbeatReply(
        sessionAlive: alive,
        results: request.leases.map { lease in
          let task = tasks[lease.task]
          let verdict = Self.verdict(on: lease, task, of: request.session, alive: alive)
          if verdict == .renewed || verdict == .yieldRequested, let task, let last = lease.progress {
            progress.append((FencedTask(id: lease.task, epoch: lease.epoch, job: task.job), last))
          }
          return .init(task: lease.task, epoch: lease.epoch, verdict: verdict)
        })
    }
    // In the order of ids, as everything that writes several tasks' details.
    for (task, last) in progress.sorted(by: { $0.0.id < $1.0.id }) { try storeProgress(last, task: task) }
    return replies
  }

  private typealias LeasedTask = (
    job: JobID, epoch: Epoch, state: TaskState, holder: SessionID?, yields: Bool
  )

  /// (Primary key of tasks.)
  private func tasks(_ ids: [TaskID]) throws -> [TaskID: LeasedTask] {
    guard !ids.isEmpty else { return [:] }
    let rows = try execute(
      """
      SELECT id, job_id, lease_epoch, state, session_id, yield_by IS NOT NULL AS yields
      FROM tasks WHERE id = ANY($1::bigint[])
      """, ids)
    var found: [TaskID: LeasedTask] = [:]
    for index in 0..<rows.count {
      let row = rows[index]
      found[try row.get("id")] = (
        try row.get("job_id"), try row.get("lease_epoch"), try row.name("state"),
        try row.getIfPresent("session_id"), try row.get("yields")
      )
    }
    return found
  }

  private static func verdict(
    on lease: HeartbeatRequest.Renewal, _ task: LeasedTask?, of session: SessionID, alive: Bool
  ) -> HeartbeatReply.Verdict {
    guard let task, task.holder == session else { return .lost }
    if alive, task.state == .running, task.epoch == lease.epoch {
      return task.yields ? .yieldRequested : .renewed
    }
    // Cancelling raises the epoch once more, in place of whatever the worker would have written.
    if task.state == .cancelled, task.epoch - 1 == lease.epoch { return .cancelRequested }
    return .lost
  }
}
