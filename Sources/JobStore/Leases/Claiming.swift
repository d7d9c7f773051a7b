public import JobModel
import OrderedJSON
import PostgresClient

extension JobStore {
  /// Leases up to `limit` ready tasks of the given kinds to a live session of the token, with one commit.
  ///
  /// Does not wait: `waitSeconds` is for whoever calls again.
  public func claim(_ request: ClaimRequest, token: TokenID) async throws -> ClaimReply {
    let limit = min(max(request.limit, 1), 1000)
    // A worker that does not say what it holds is no worker with models, and has no preferences.
    guard let loaded = request.loaded else { return try await claimNext(request, limit: limit, token: token) }
    switch try await pool.run({ session in try session.preference(of: request, loaded, limit: limit) }) {
    case .inTurn: break
    case .held(let held):
      let claimed = try await lease(request, limit: limit, token: token, after: .head, only: held)
      // When others were quicker it takes what is next.
      if !claimed.tasks.isEmpty { return ClaimReply(tasks: try await settled(claimed), sessionAlive: true) }
    case .leavesNext:
      let isAlive = try await pool.run { session in try session.isAlive(request.session, token: token) }
      return ClaimReply(tasks: [], sessionAlive: isAlive)
    }
    return try await claimNext(request, limit: limit, token: token)
  }

  /// The next tasks in their order.
  private func claimNext(_ request: ClaimRequest, limit: Int, token: TokenID) async throws -> ClaimReply {
    let reach = ClaimFrontier.Reach(kinds: request.kinds, free: request.free)
    let scan = frontier.begin(reach)
    let first = try await claim(request, limit: limit, token: token, scan)
    if !first.isEmpty { return ClaimReply(tasks: first, sessionAlive: true) }
    if !scan.isFromHead {
      let second = try await claim(request, limit: limit, token: token, frontier.begin(reach, fromHead: true))
      if !second.isEmpty { return ClaimReply(tasks: second, sessionAlive: true) }
    }
    let (isAlive, unmade) = try await pool.run { session in
      (try session.isAlive(request.session, token: token), try session.jobsToExtend())
    }
    guard isAlive, !unmade.isEmpty else { return ClaimReply(tasks: [], sessionAlive: isAlive) }
    try await extendRanges(of: unmade)
    let made = try await claim(request, limit: limit, token: token, frontier.begin(reach, fromHead: true))
    return ClaimReply(tasks: made, sessionAlive: true)
  }

  private func claim(
    _ request: ClaimRequest, limit: Int, token: TokenID, _ scan: ClaimFrontier.Scan
  ) async throws -> [ClaimedTask] {
    let claimed: Claimed
    do {
      claimed = try await lease(request, limit: limit, token: token, after: scan.after)
    } catch {
      frontier.end(scan, last: nil, isFull: false)
      throw error
    }
    frontier.end(scan, last: claimed.last, isFull: claimed.leased.count == limit)
    return try await settled(claimed)
  }

  private func lease(
    _ request: ClaimRequest, limit: Int, token: TokenID, after: ReadyKey, only tasks: [TaskID]? = nil
  ) async throws -> Claimed {
    let labels = try StoredJSON.text(request.free?.labels ?? [:])
    return try await pool.run { [knownJobs] session in
      var claimed = try session.claim(
        request, limit: limit, labels: labels, token: token, after: after, only: tasks)
      try session.describe(&claimed, knownJobs)
      return claimed
    }
  }

  /// The tasks are leased whatever becomes of what follows; where it fails, others see to it.
  private func settled(_ claimed: Claimed) async throws -> [ClaimedTask] {
    if !claimed.begun.isEmpty { try? await begin(claimed.begun) }
    if !claimed.toExtend.isEmpty { try? await extendRanges(of: claimed.toExtend, to: .further) }
    return claimed.tasks
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

/// What a claim took.
private struct Claimed: Sendable {
  /// A task, but for what its job says of it.
  struct Leased: Sendable {
    var task: TaskID
    var epoch: Epoch
    var job: KnownJobs.Key
    var kind: TaskKind
    var stage: Int
    var ordinal: Int64?
    var attempt: Int
    var memoryFailures: Int
    var payload: JSON
    var rank: Int64
  }

  var leased: [Leased] = []
  var last: ReadyKey?
  /// Jobs whose ranges shall be made more of.
  var toExtend: [JobID] = []
  /// Jobs whose first task this may be.
  var begun: [JobID] = []
  var tasks: [ClaimedTask] = []
}

extension Session {
  /// The claim. The session row is locked FOR SHARE, so that the reaper cannot declare it dead between the look
  /// and the lease. Of tasks that need more than a slot only those are picked that fit what the worker has left, and one
  /// at a time, since each changes what is left. Whoever changes a ready task takes its row in ready first, which is
  /// locked here, so the tasks are as the statement's snapshot shows them, and one epoch and attempt further. Rows are
  /// reached by the places and numbers that were picked, never by joins that a planner may turn into scans. (Primary keys
  /// of worker_sessions, resource_needs, tasks, task_details and jobs, index ready_order.)
  /// - Parameter tasks: takes none but these; nil takes any.
  fileprivate func claim(
    _ request: ClaimRequest, limit: Int, labels: String, token: TokenID, after: ReadyKey,
    only tasks: [TaskID]?
  ) throws -> Claimed {
    let rows = try execute(
      """
      WITH me AS MATERIALIZED (
        SELECT id FROM worker_sessions
        WHERE id = $1 AND token_id = $2 AND state = 'alive' AND NOT draining FOR SHARE
      ), picked AS MATERIALIZED (
        SELECT ctid AS place, task_id, need_id FROM ready
        WHERE EXISTS (SELECT 1 FROM me) AND kind = ANY($3::text[])
          AND (rank, job_id, task_id) > ($10::bigint, $11::bigint, $12::bigint)
          AND ($13::bigint[] IS NULL OR task_id = ANY($13::bigint[]))
          AND (need_id IS NULL OR EXISTS (SELECT 1 FROM resource_needs n
            WHERE n.id = ready.need_id AND n.cores <= $5 AND n.memory <= $6 AND n.labels <@ $7::jsonb
              AND CASE WHEN n.gpus > 0 THEN coalesce(($8::bigint[])[n.gpus], -1) >= n.gpu_memory
                ELSE n.gpu_memory = 0 OR n.gpu_memory <= $9 END))
        ORDER BY rank, job_id, task_id LIMIT $4 FOR UPDATE OF ready SKIP LOCKED
      ), taken AS (
        DELETE FROM ready WHERE ctid = ANY(ARRAY(SELECT place FROM picked
          WHERE need_id IS NULL OR task_id = (SELECT task_id FROM picked WHERE need_id IS NOT NULL LIMIT 1)))
        RETURNING task_id, rank, need_id, extends
      ), leased AS (
        UPDATE tasks SET state = 'running', attempt = attempt + 1, lease_epoch = lease_epoch + 1,
          session_id = $1, claimed_at = now(), yield_by = NULL
        WHERE state = 'ready' AND id = ANY(ARRAY(SELECT task_id FROM picked
          WHERE need_id IS NULL OR task_id = (SELECT task_id FROM picked WHERE need_id IS NOT NULL LIMIT 1)))
        RETURNING 1
      )
      SELECT t.id, t.lease_epoch + 1 AS lease_epoch, t.job_id, t.kind, t.stage, t.ordinal, t.attempt + 1 AS attempt,
        greatest(t.memory_failures, j.memory_failures) AS memory_failures, d.payload, j.xmin::text AS version,
        taken.rank, taken.need_id, taken.extends,
        (SELECT count(*) FROM leased) AS leased
      FROM taken JOIN tasks t ON t.id = taken.task_id JOIN task_details d ON d.task_id = taken.task_id
        JOIN jobs j ON j.id = t.job_id
      """, request.session, token, request.kinds.map(\.rawValue), limit, request.free?.cores ?? 0,
      request.free?.memory ?? 0, labels, request.free?.wholeDevices ?? [], request.free?.largestShare ?? -1,
      after.rank, after.job, after.task, tasks)
    guard try rows.first?.get("leased") ?? 0 == rows.count else {
      throw PostgresError(
        .decoding, "a ready task was not ready: something changed it without taking its row")
    }
    var claimed = Claimed()
    var passesOver = false
    for index in 0..<rows.count {
      let row = rows[index]
      let job: JobID = try row.get("job_id")
      claimed.leased.append(
        Claimed.Leased(
          task: try row.get("id"), epoch: try row.get("lease_epoch"),
          job: KnownJobs.Key(job: job, version: try row.get("version")), kind: try row.name("kind"),
          stage: try row.get("stage"), ordinal: try row.getIfPresent("ordinal"),
          attempt: try row.get("attempt"), memoryFailures: try row.get("memory_failures"),
          payload: try row.json("payload"), rank: try row.get("rank")))
      if try row.get("extends") { claimed.toExtend.append(job) }
      // Others that need more than a slot may have been passed over.
      if try row.getIfPresent("need_id", as: Int.self) != nil { passesOver = true }
    }
    if !passesOver {
      claimed.last = claimed.leased.map { ReadyKey(rank: $0.rank, job: $0.job.job, task: $0.task) }.max()
    }
    return claimed
  }

  /// Adds what the tasks' jobs say of them, and sorts them: the most urgent and oldest first.
  fileprivate func describe(_ claimed: inout Claimed, _ known: KnownJobs) throws {
    var jobs: [JobID: KnownJobs.Job] = [:]
    for leased in claimed.leased where jobs[leased.job.job] == nil {
      jobs[leased.job.job] = known[leased.job]
    }
    let unknown = Set(claimed.leased.map(\.job.job)).subtracting(jobs.keys)
    if !unknown.isEmpty {
      let found = try claimedJobs(Array(unknown))
      known.add(found)
      for (key, job) in found { jobs[key.job] = job }
    }
    claimed.begun = jobs.filter(\.value.isQueued).keys.sorted()
    claimed.tasks = try claimed.leased.map { leased in
      guard let job = jobs[leased.job.job] else { throw StoreError.noJob(leased.job.job) }
      return ClaimedTask(
        id: leased.task, epoch: leased.epoch, job: leased.job.job, lab: job.lab, kind: leased.kind,
        stage: leased.stage, ordinal: leased.ordinal, attempt: leased.attempt, maxAttempts: job.maxAttempts,
        memoryFailures: leased.memoryFailures, payload: leased.payload, spec: job.spec,
        confinement: job.confinement)
    }.sorted { a, b in
      (-a.spec.priority, a.job, a.id) < (-b.spec.priority, b.job, b.id)
    }
  }

  fileprivate func isAlive(_ session: SessionID, token: TokenID) throws -> Bool {
    try execute(
      "SELECT 1 FROM worker_sessions WHERE id = $1 AND token_id = $2 AND state = 'alive'", session, token
    ).count == 1
  }
}
