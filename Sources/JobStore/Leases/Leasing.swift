import JobModel
import OrderedJSON
import PostgresClient

/// A session that asks for tasks.
struct Claimer: Sendable {
  let session: SessionID
  let token: TokenID
  /// At most so many tasks.
  let limit: Int

  /// The most that claims take at once.
  static let most = 1000
}

/// What claims took.
struct Leased: Sendable {
  /// For each claimer, in their order, and each one's in the order of the queue.
  var tasks: [[ClaimedTask]]
  /// Where to look for more; nil where something may have been passed over, or nothing was found.
  var last: ReadyKey?
  /// Jobs whose first task this may be.
  var begun: [JobID] = []
  /// Jobs whose ranges shall be made more of.
  var toExtend: [JobID] = []

  var count: Int { tasks.reduce(0) { $0 + $1.count } }

  init(to claimers: [Claimer]) { tasks = claimers.map { _ in [] } }
}

extension Session {
  /// The claim of one session while no task is about that needs more than a slot; where one is among the first, nothing
  /// is taken, so that none goes before its turn. `leasing` says how rows are locked. (Primary keys of worker_sessions,
  /// tasks and jobs, index ready_order; of task_details where a row of ready has no payload.)
  static func leasingSlots(
    to claimer: Claimer, _ kinds: [TaskKind], after: ReadyKey, only tasks: [TaskID]? = nil
  ) -> Statement {
    Statement(
      """
      WITH picked AS MATERIALIZED (
        SELECT ctid AS place, need_id FROM ready
        WHERE kind = ANY($4::text[]) AND (rank, job_id, task_id) > ($5::bigint, $6::bigint, $7::bigint)
          AND ($8::bigint[] IS NULL OR task_id = ANY($8::bigint[]))
        ORDER BY rank, job_id, task_id LIMIT coalesce((
          SELECT $3::bigint FROM worker_sessions WHERE id = $1 AND token_id = $2 AND state = 'alive' AND NOT draining
          FOR SHARE SKIP LOCKED), 0)
        FOR UPDATE SKIP LOCKED
      ), taken AS (
        DELETE FROM ready WHERE ctid = ANY(ARRAY(
          SELECT place FROM picked WHERE NOT EXISTS (SELECT FROM picked WHERE need_id IS NOT NULL)))
        RETURNING task_id, rank, extends, payload
      ), leased AS (
        UPDATE tasks t SET state = 'running', attempt = attempt + 1, lease_epoch = lease_epoch + 1, session_id = $1,
          claimed_at = now(), yield_by = NULL
        FROM taken WHERE t.id = taken.task_id AND t.state = 'ready'
        RETURNING t.id, t.lease_epoch, t.job_id, t.kind, t.stage, t.ordinal, t.attempt, t.memory_failures,
          taken.rank, taken.extends, taken.payload
      )
      SELECT l.id, l.lease_epoch, l.job_id, l.kind, l.stage, l.ordinal, l.attempt,
        greatest(l.memory_failures, j.memory_failures) AS memory_failures, coalesce(l.payload,
          (SELECT payload FROM task_details WHERE job_id = l.job_id AND task_id = l.id)) AS payload, j.xmin::text AS version,
        l.rank, l.extends, (SELECT count(*) FROM taken) AS chosen
      FROM leased l JOIN jobs j ON j.id = l.job_id
      """, claimer.session, claimer.token, claimer.limit, kinds.map(\.rawValue), after.rank, after.job,
      after.task, tasks)
  }

  /// The claim. The sessions' rows are locked FOR SHARE, so that the reaper cannot declare them dead between the look
  /// and the lease; one that somebody else has locked gets nothing, so that the others need not wait for it. Of tasks
  /// that need more than a slot only those are picked that fit what the workers have left, and one at a time, since each
  /// changes what is left; what stands behind the first of them at the head of the queue is left unlocked for others. Those
  /// that need no device are left alone while the one they would compute on is somebody's alone.
  /// Whoever changes a ready task takes its row in ready first, which is locked here, so every one that was picked is
  /// there to be leased. (Primary keys of worker_sessions, resource_needs, tasks and jobs, index
  /// ready_order; of task_details as above.)
  /// - Parameter only: takes none but these tasks; nil takes any.
  static func leasing(
    to claimers: [Claimer], _ reach: ClaimFrontier.Reach, after: ReadyKey, only tasks: [TaskID]? = nil
  ) throws -> Statement {
    let free = reach.free
    return Statement(
      """
      WITH me AS MATERIALIZED (
        SELECT id FROM worker_sessions
        WHERE id = ANY($1::bigint[]) AND token_id = ($2::bigint[])[array_position($1::bigint[], id)]
          AND state = 'alive' AND NOT draining ORDER BY id FOR SHARE SKIP LOCKED
      ), slots AS MATERIALIZED (
        SELECT array_agg(session) AS sessions FROM unnest($3::bigint[]) AS session
        WHERE session = ANY(ARRAY(SELECT id FROM me))
      ), fitting AS MATERIALIZED (
        SELECT array_agg(id) AS needs FROM resource_needs
        WHERE cores <= $5 AND memory <= $6 AND labels <@ $7::jsonb
          AND CASE WHEN gpus > 0 THEN coalesce(($8::bigint[])[gpus], -1) >= gpu_memory
            ELSE gpu_memory = 0 AND $15 OR gpu_memory > 0 AND gpu_memory <= $9 END
      ), head AS MATERIALIZED (
        SELECT need_id, row_number() OVER () AS place FROM (
          SELECT need_id FROM ready
          WHERE kind = ANY($4::text[]) AND (rank, job_id, task_id) > ($10::bigint, $11::bigint, $12::bigint)
            AND ($13::bigint[] IS NULL OR task_id = ANY($13::bigint[]))
            AND (need_id IS NULL AND $15 OR need_id = ANY((SELECT needs FROM fitting)::int[]))
          ORDER BY rank, job_id, task_id LIMIT (SELECT coalesce(cardinality(sessions), 0) FROM slots)) AS first
      ), picked AS MATERIALIZED (
        SELECT ctid AS place, task_id, rank, need_id, extends, payload FROM ready
        WHERE kind = ANY($4::text[]) AND (rank, job_id, task_id) > ($10::bigint, $11::bigint, $12::bigint)
          AND ($13::bigint[] IS NULL OR task_id = ANY($13::bigint[]))
          AND (need_id IS NULL AND $15 OR need_id = ANY((SELECT needs FROM fitting)::int[]))
        ORDER BY rank, job_id, task_id LIMIT (SELECT coalesce(least(cardinality(sessions),
          CASE WHEN $14 THEN (SELECT min(place) FROM head WHERE need_id IS NOT NULL) END), 0) FROM slots)
        FOR UPDATE SKIP LOCKED
      ), chosen AS MATERIALIZED (
        SELECT place, task_id, rank, need_id, extends, payload, row_number() OVER () AS slot FROM picked
        WHERE need_id IS NULL OR task_id = (SELECT task_id FROM picked WHERE need_id IS NOT NULL LIMIT 1)
      ), taken AS (
        DELETE FROM ready WHERE ctid = ANY(ARRAY(SELECT place FROM chosen))
      ), leased AS (
        UPDATE tasks t SET state = 'running', attempt = attempt + 1, lease_epoch = lease_epoch + 1,
          session_id = ((SELECT sessions FROM slots))[c.slot], claimed_at = now(), yield_by = NULL
        FROM chosen c WHERE t.id = c.task_id AND t.state = 'ready'
        RETURNING t.id, t.lease_epoch, t.job_id, t.kind, t.stage, t.ordinal, t.attempt, t.memory_failures,
          t.session_id, c.rank, c.need_id, c.extends, c.payload
      )
      SELECT l.id, l.lease_epoch, l.job_id, l.kind, l.stage, l.ordinal, l.attempt,
        greatest(l.memory_failures, j.memory_failures) AS memory_failures, coalesce(l.payload,
          (SELECT payload FROM task_details WHERE job_id = l.job_id AND task_id = l.id)) AS payload, j.xmin::text AS version,
        l.rank, l.need_id, l.extends, l.session_id AS session, (SELECT count(*) FROM chosen) AS chosen
      FROM leased l JOIN jobs j ON j.id = l.job_id
      """, claimers.map(\.session), claimers.map(\.token),
      claimers.flatMap { repeatElement($0.session, count: $0.limit) }, reach.kinds.map(\.rawValue),
      free?.cores ?? 0, free?.memory ?? 0, try StoredJSON.text(free?.labels ?? [:]), free?.wholeDevices ?? [],
      free?.largestShare ?? -1, after.rank, after.job, after.task, tasks,
      free != nil, reach.givesSlots)
  }

  /// What `leasing` has taken.
  /// - Parameter session: whose `leasingSlots` it was; nil for one of `leasing`.
  static func leased(_ rows: Rows, by session: SessionID? = nil) throws -> [LeasedRow] {
    guard try rows.first?.get("chosen") ?? 0 == rows.count else {
      throw PostgresError(
        .decoding, "a ready task was not ready: something changed it without taking its row")
    }
    return try rows.map { try LeasedRow($0, of: session) }
  }
}

extension JobStore {
  /// Adds what the tasks' jobs say of them, and brings them into the order of the queue.
  func described(_ rows: [LeasedRow], of claimers: [Claimer]) async throws -> Leased {
    var leased = Leased(to: claimers)
    guard !rows.isEmpty else { return leased }
    let rows = rows.sorted { $0.key < $1.key }
    var jobs: [JobID: KnownJobs.Job] = [:]
    var unknown: Set<JobID> = []
    var last: JobID?
    for row in rows where row.job.job != last {
      last = row.job.job
      if let known = knownJobs[row.job] { jobs[row.job.job] = known } else { unknown.insert(row.job.job) }
    }
    if !unknown.isEmpty {
      let found = try await pool.run { [unknown] session in try session.claimedJobs(Array(unknown)) }
      knownJobs.add(found)
      for (key, job) in found { jobs[key.job] = job }
    }
    leased.begun = jobs.filter(\.value.isQueued).keys.sorted()
    leased.toExtend = rows.filter(\.extends).map(\.job.job)
    if rows.contains(where: \.hasNeed) {
      // Others that need more than a slot may have been passed over.
      seenNeeds.note()
    } else {
      leased.last = rows.last?.key
    }
    let places = Dictionary(uniqueKeysWithValues: zip(claimers.map(\.session), claimers.indices))
    for row in rows {
      guard let job = jobs[row.job.job] else { throw StoreError.noJob(row.job.job) }
      guard let place = places[row.session] else { continue }
      leased.tasks[place].append(row.task(of: job))
    }
    return leased
  }
}

/// A task as the claim returns it.
struct LeasedRow: Sendable {
  let task: TaskID
  private let epoch: Epoch
  let session: SessionID
  let job: KnownJobs.Key
  private let kind: TaskKind
  private let stage: Int
  private let ordinal: Int64?
  private let attempt: Int
  private let memoryFailures: Int
  private let payload: JSON
  private let rank: Int64
  let hasNeed: Bool
  let extends: Bool

  /// Its place in the queue.
  var key: ReadyKey { ReadyKey(rank: rank, job: job.job, task: task) }

  fileprivate init(_ row: Rows.Row, of session: SessionID?) throws {
    task = try row.get("id")
    epoch = try row.get("lease_epoch")
    self.session = try session ?? row.get("session")
    job = KnownJobs.Key(job: try row.get("job_id"), version: try row.get("version"))
    kind = try row.name("kind")
    stage = try row.get("stage")
    ordinal = try row.getIfPresent("ordinal")
    attempt = try row.get("attempt")
    memoryFailures = try row.get("memory_failures")
    payload = try row.get("payload")
    rank = try row.get("rank")
    hasNeed = try session == nil && row.getIfPresent("need_id", as: Int.self) != nil
    extends = try row.get("extends")
  }

  fileprivate func task(of job: KnownJobs.Job) -> ClaimedTask {
    ClaimedTask(
      id: task, epoch: epoch, job: self.job.job, lab: job.lab, kind: kind, stage: stage, ordinal: ordinal,
      attempt: attempt, maxAttempts: job.maxAttempts, memoryFailures: memoryFailures, payload: payload,
      spec: job.spec, confinement: job.confinement)
  }
}
