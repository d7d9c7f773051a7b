public import JobModel
import PostgresClient

extension JobStore {
  /// Leases up to `limit` ready tasks of the given kinds to a live session of the token.
  ///
  /// Does not wait: `waitSeconds` is for whoever calls again.
  public func claim(_ request: ClaimRequest, token: TokenID) async throws -> ClaimReply {
    let limit = min(max(request.limit, 1), 1000)
    return try await pool.transaction { session in
      var tasks: [ClaimedTask] = []
      if let held = try session.tasksHeld(by: request, limit: limit) {
        tasks = try session.claim(request, limit: limit, only: held, token: token)
      }
      if tasks.isEmpty, try !session.leavesNext(to: request) {
        tasks = try session.claim(request, limit: limit, token: token)
      }
      if tasks.isEmpty {
        return ClaimReply(tasks: [], sessionAlive: try session.isAlive(request.session, token: token))
      }
      try session.startJobs(tasks.map(\.job))
      return ClaimReply(tasks: tasks, sessionAlive: true)
    }
  }
}

extension Session {
  /// The claim. The session row is locked FOR SHARE, so that the reaper cannot declare it dead between the look
  /// and the lease. Of tasks that need more than a slot only those are picked that fit what the worker has left, and one
  /// at a time, since each changes what is left. (Primary keys of worker_sessions and resource_needs, index
  /// ready_order, primary key of tasks.)
  /// - Parameter tasks: takes none but these; nil takes any.
  fileprivate func claim(
    _ request: ClaimRequest, limit: Int, only tasks: [TaskID]? = nil, token: TokenID
  ) throws -> [ClaimedTask] {
    try execute(
      """
      WITH me AS MATERIALIZED (
        SELECT id FROM worker_sessions
        WHERE id = $1 AND token_id = $2 AND state = 'alive' AND NOT draining FOR SHARE
      ), picked AS MATERIALIZED (
        SELECT task_id, need_id, rank, job_id FROM ready
        WHERE EXISTS (SELECT 1 FROM me) AND kind = ANY($3::text[])
          AND ($10::bigint[] IS NULL OR task_id = ANY($10::bigint[]))
          AND (need_id IS NULL OR EXISTS (SELECT 1 FROM resource_needs n
            WHERE n.id = ready.need_id AND n.cores <= $5 AND n.memory <= $6 AND n.labels <@ $7::jsonb
              AND CASE WHEN n.gpus > 0 THEN coalesce(($8::bigint[])[n.gpus], -1) >= n.gpu_memory
                ELSE n.gpu_memory = 0 OR n.gpu_memory <= $9 END))
        ORDER BY rank, job_id, task_id LIMIT $4 FOR UPDATE OF ready SKIP LOCKED
      ), chosen AS (
        SELECT task_id FROM (
          SELECT task_id, count(need_id) OVER (ORDER BY rank, job_id, task_id) AS needing FROM picked) AS p
        WHERE needing <= 1
      ), taken AS (
        DELETE FROM ready USING chosen WHERE ready.task_id = chosen.task_id RETURNING ready.task_id
      ), leased AS (
        UPDATE tasks SET state = 'running', attempt = attempt + 1, lease_epoch = lease_epoch + 1,
          session_id = $1, claimed_at = now(), yield_by = NULL
        FROM taken WHERE tasks.id = taken.task_id AND tasks.state = 'ready'
        RETURNING tasks.id, tasks.lease_epoch, tasks.job_id, tasks.kind, tasks.stage, tasks.ordinal,
          tasks.attempt, tasks.memory_failures
      )
      SELECT leased.*, greatest(leased.memory_failures, j.memory_failures) AS halvings, d.payload, j.lab_id,
        j.max_attempts, j.spec, j.confinement, j.priority
      FROM leased JOIN task_details d ON d.task_id = leased.id JOIN jobs j ON j.id = leased.job_id
      ORDER BY j.priority DESC, leased.job_id, leased.id
      """, request.session, token, request.kinds.map(\.rawValue), limit, request.free?.cores ?? 0,
      request.free?.memory ?? 0, try StoredJSON.text(request.free?.labels ?? [:]),
      request.free?.wholeDevices ?? [], request.free?.largestShare ?? -1, tasks
    ).map { row in
      ClaimedTask(
        id: try row.get("id"), epoch: try row.get("lease_epoch"), job: try row.get("job_id"),
        lab: try row.get("lab_id"), kind: try row.name("kind"), stage: try row.get("stage"),
        ordinal: try row.getIfPresent("ordinal"), attempt: try row.get("attempt"),
        maxAttempts: try row.get("max_attempts"), memoryFailures: try row.get("halvings"),
        payload: try row.json("payload"),
        spec: try row.json("spec"), confinement: try row.jsonIfPresent("confinement"))
    }
  }

  fileprivate func isAlive(_ session: SessionID, token: TokenID) throws -> Bool {
    try execute(
      "SELECT 1 FROM worker_sessions WHERE id = $1 AND token_id = $2 AND state = 'alive'", session, token
    ).count == 1
  }

  /// Marks jobs whose first task was claimed. A job that someone else has locked is left alone: its holder
  /// derives the state itself, or it is marked with its next claim or completion.
  fileprivate func startJobs(_ jobs: [JobID]) throws {
    let started = try execute(
      """
      UPDATE jobs SET state = 'running', started_at = coalesce(started_at, now())
      WHERE id IN (SELECT id FROM jobs WHERE id = ANY($1::bigint[]) AND state = 'queued'
        ORDER BY id FOR NO KEY UPDATE SKIP LOCKED)
      RETURNING id, lab_id
      """, jobs
    ).map { row in (job: try row.get("id", as: JobID.self), lab: try row.get("lab_id", as: LabID.self)) }
    for (job, lab) in started { try noteStart(of: job, lab: lab) }
  }

  /// A job's first claim, in its history.
  func noteStart(of job: JobID, lab: LabID) throws {
    try noteEvent("job-started", lab: lab, job: job, message: "a worker took its first task")
  }
}
