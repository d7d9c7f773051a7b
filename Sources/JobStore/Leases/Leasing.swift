import JobModel
import OrderedJSON
import PostgresClient

/// A session that asks for tasks.
struct Claimer: Sendable {
  let session: SessionID
  let token: TokenID
  /// At most so many tasks.
  let limit: Int
}

/// What claims took.
struct Leased: Sendable {
  /// For each claimer, in their order: the most urgent and oldest first.
  var tasks: [[ClaimedTask]]
  /// Where to look for more; nil where something may have been passed over, or nothing was found.
  var last: ReadyKey?
  /// Jobs whose first task this may be.
  var begun: [JobID] = []
  /// Jobs whose ranges shall be made more of.
  var toExtend: [JobID] = []

  init(to claimers: [Claimer]) { tasks = claimers.map { _ in [] } }
}

extension Session {
  /// The claim. The sessions' rows are locked FOR SHARE, so that the reaper cannot declare them dead between the look
  /// and the lease; one that somebody else has locked gets nothing, so that the others need not wait for it. Of tasks
  /// that need more than a slot only those are picked that fit what the workers have left, and one at a time, since each
  /// changes what is left. Whoever changes a ready task takes its row in ready first, which is locked here, so the tasks
  /// are as the statement's snapshot shows them, and one epoch and attempt further. Rows are reached by the places and
  /// numbers that were picked, never by joins that a planner may turn into scans. (Primary keys of worker_sessions,
  /// resource_needs, tasks, task_details and jobs, index ready_order.)
  /// - Parameter only: takes none but these tasks; nil takes any.
  func lease(
    to claimers: [Claimer], _ reach: ClaimFrontier.Reach, after: ReadyKey, only tasks: [TaskID]? = nil,
    _ known: KnownJobs
  ) throws -> Leased {
    let free = reach.free
    let rows = try execute(
      """
      WITH me AS MATERIALIZED (
        SELECT id FROM worker_sessions
        WHERE id = ANY($1::bigint[]) AND token_id = ($2::bigint[])[array_position($1::bigint[], id)]
          AND state = 'alive' AND NOT draining ORDER BY id FOR SHARE SKIP LOCKED
      ), slots AS MATERIALIZED (
        SELECT array_agg(given.id) AS sessions
        FROM unnest($1::bigint[], $3::int[]) AS given (id, most), generate_series(1, given.most)
        WHERE given.id = ANY(ARRAY(SELECT id FROM me))
      ), picked AS MATERIALIZED (
        SELECT ctid AS place, task_id, need_id FROM ready
        WHERE kind = ANY($4::text[]) AND (rank, job_id, task_id) > ($10::bigint, $11::bigint, $12::bigint)
          AND ($13::bigint[] IS NULL OR task_id = ANY($13::bigint[]))
          AND (need_id IS NULL OR EXISTS (SELECT 1 FROM resource_needs n
            WHERE n.id = ready.need_id AND n.cores <= $5 AND n.memory <= $6 AND n.labels <@ $7::jsonb
              AND CASE WHEN n.gpus > 0 THEN coalesce(($8::bigint[])[n.gpus], -1) >= n.gpu_memory
                ELSE n.gpu_memory = 0 OR n.gpu_memory <= $9 END))
        ORDER BY rank, job_id, task_id LIMIT (SELECT coalesce(cardinality(sessions), 0) FROM slots)
        FOR UPDATE OF ready SKIP LOCKED
      ), chosen AS MATERIALIZED (
        SELECT array_agg(place) AS places, array_agg(task_id) AS tasks FROM picked
        WHERE need_id IS NULL OR task_id = (SELECT task_id FROM picked WHERE need_id IS NOT NULL LIMIT 1)
      ), taken AS (
        DELETE FROM ready WHERE ctid = ANY((SELECT places FROM chosen)::tid[])
        RETURNING task_id, rank, need_id, extends
      ), leased AS (
        UPDATE tasks SET state = 'running', attempt = attempt + 1, lease_epoch = lease_epoch + 1,
          session_id = CASE WHEN cardinality($1::bigint[]) = 1 THEN ($1::bigint[])[1]
            ELSE ((SELECT sessions FROM slots))[array_position((SELECT tasks FROM chosen), id)] END,
          claimed_at = now(), yield_by = NULL
        WHERE state = 'ready' AND id = ANY((SELECT tasks FROM chosen)::bigint[])
        RETURNING 1
      )
      SELECT t.id, t.lease_epoch + 1 AS lease_epoch, t.job_id, t.kind, t.stage, t.ordinal, t.attempt + 1 AS attempt,
        greatest(t.memory_failures, j.memory_failures) AS memory_failures, d.payload, j.xmin::text AS version,
        taken.rank, taken.need_id, taken.extends,
        CASE WHEN cardinality($1::bigint[]) = 1 THEN ($1::bigint[])[1]
          ELSE ((SELECT sessions FROM slots))[array_position((SELECT tasks FROM chosen), t.id)] END AS session,
        (SELECT count(*) FROM leased) AS leased
      FROM taken JOIN tasks t ON t.id = taken.task_id JOIN task_details d ON d.task_id = taken.task_id
        JOIN jobs j ON j.id = t.job_id
      """, claimers.map(\.session), claimers.map(\.token), claimers.map(\.limit), reach.kinds.map(\.rawValue),
      free?.cores ?? 0, free?.memory ?? 0, try StoredJSON.text(free?.labels ?? [:]), free?.wholeDevices ?? [],
      free?.largestShare ?? -1, after.rank, after.job, after.task, tasks)
    guard try rows.first?.get("leased") ?? 0 == rows.count else {
      throw PostgresError(
        .decoding, "a ready task was not ready: something changed it without taking its row")
    }
    return try described(try rows.map { try LeasedRow($0) }, of: claimers, known)
  }

  /// Adds what the tasks' jobs say of them, and sorts them.
  private func described(_ rows: [LeasedRow], of claimers: [Claimer], _ known: KnownJobs) throws -> Leased {
    var leased = Leased(to: claimers)
    guard !rows.isEmpty else { return leased }
    var jobs: [JobID: KnownJobs.Job] = [:]
    for row in rows where jobs[row.job.job] == nil { jobs[row.job.job] = known[row.job] }
    let unknown = Set(rows.map(\.job.job)).subtracting(jobs.keys)
    if !unknown.isEmpty {
      let found = try claimedJobs(Array(unknown))
      known.add(found)
      for (key, job) in found { jobs[key.job] = job }
    }
    leased.begun = jobs.filter(\.value.isQueued).keys.sorted()
    leased.toExtend = rows.filter(\.extends).map(\.job.job)
    // Others that need more than a slot may have been passed over.
    if !rows.contains(where: \.hasNeed) {
      leased.last = rows.map { ReadyKey(rank: $0.rank, job: $0.job.job, task: $0.task) }.max()
    }
    var bySession: [SessionID: [ClaimedTask]] = [:]
    for row in rows {
      guard let job = jobs[row.job.job] else { throw StoreError.noJob(row.job.job) }
      bySession[row.session, default: []].append(row.task(of: job))
    }
    leased.tasks = claimers.map { claimer in
      (bySession.removeValue(forKey: claimer.session) ?? []).sorted { a, b in
        (-a.spec.priority, a.job, a.id) < (-b.spec.priority, b.job, b.id)
      }
    }
    return leased
  }
}

/// A task as the claim returns it.
private struct LeasedRow {
  let task: TaskID
  let epoch: Epoch
  let session: SessionID
  let job: KnownJobs.Key
  let kind: TaskKind
  let stage: Int
  let ordinal: Int64?
  let attempt: Int
  let memoryFailures: Int
  let payload: JSON
  let rank: Int64
  let hasNeed: Bool
  let extends: Bool

  init(_ row: Rows.Row) throws {
    task = try row.get("id")
    epoch = try row.get("lease_epoch")
    session = try row.get("session")
    job = KnownJobs.Key(job: try row.get("job_id"), version: try row.get("version"))
    kind = try row.name("kind")
    stage = try row.get("stage")
    ordinal = try row.getIfPresent("ordinal")
    attempt = try row.get("attempt")
    memoryFailures = try row.get("memory_failures")
    payload = try row.json("payload")
    rank = try row.get("rank")
    hasNeed = try row.getIfPresent("need_id", as: Int.self) != nil
    extends = try row.get("extends")
  }

  func task(of job: KnownJobs.Job) -> ClaimedTask {
    ClaimedTask(
      id: task, epoch: epoch, job: self.job.job, lab: job.lab, kind: kind, stage: stage, ordinal: ordinal,
      attempt: attempt, maxAttempts: job.maxAttempts, memoryFailures: memoryFailures, payload: payload,
      spec: job.spec, confinement: job.confinement)
  }
}
