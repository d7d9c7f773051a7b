import JobModel
import PostgresClient

/// A task goes to a worker that has its model in memory, where that costs others little.
///
/// Of the tasks at the head of the queue a worker takes first what it holds the model of, and leaves a task for a moment
/// to other workers that hold its model and have free slots for all that waits of its job. Neither lasts: a task that has
/// been claimable for longer than these bounds is taken in its turn, by whoever asks.
enum CheckpointAffinity {
  /// What a worker should take.
  enum Preference {
    /// The tasks in their order.
    case inTurn
    /// These, whose models it holds, before the others.
    case held([TaskID])
    /// Nothing for now: others are better placed for the next task.
    case leavesNext
  }

  /// Other tasks go before the head of the queue for at most so long, in seconds.
  static let patienceAtHead = 30.0
  /// A task is left to workers that hold its model for at most so long, in seconds.
  static let patienceForHolder = 1.0
  /// So far behind the head a worker looks for what it holds.
  static let window = 200
}

extension Session {
  /// - Parameter loaded: the models that the asking worker holds.
  func preference(
    of request: ClaimRequest, _ loaded: [String], limit: Int
  ) throws -> CheckpointAffinity.Preference {
    if let held = try tasksHeld(by: request, loaded, limit: limit) { return .held(held) }
    return try leavesNext(to: request, loaded) ? .leavesNext : .inTurn
  }

  /// Which of the first claimable tasks a worker should take before the others; nil when it should take them in their
  /// order. (Index ready_order, primary key of jobs.)
  private func tasksHeld(by request: ClaimRequest, _ loaded: [String], limit: Int) throws -> [TaskID]? {
    guard !loaded.isEmpty else { return nil }
    let held: [TaskID] = try execute(
      """
      WITH head AS MATERIALIZED (
        SELECT task_id, job_id, kind, since, rank FROM ready WHERE kind = ANY($1::text[])
        ORDER BY rank, job_id, task_id LIMIT $4
      )
      SELECT h.task_id FROM head h
        CROSS JOIN LATERAL (SELECT checkpoint FROM jobs WHERE id = h.job_id OFFSET 0) AS j
      WHERE CASE WHEN h.kind = 'rollout-group' THEN 'run/' || h.job_id ELSE j.checkpoint END = ANY($2::text[])
        AND (SELECT since FROM head ORDER BY rank, job_id, task_id LIMIT 1) > now() - make_interval(secs => $5)
      ORDER BY h.rank, h.job_id, h.task_id LIMIT $3
      """, request.kinds.map(\.rawValue), loaded, limit, CheckpointAffinity.window,
      CheckpointAffinity.patienceAtHead
    ).map { try $0.get("task_id") }
    return held.isEmpty ? nil : held
  }

  /// Whether the next task is better left to other workers for now: they hold its model and have free slots for all that
  /// waits of its job. (Indices ready_order, ready_of_job, worker_sessions_alive, tasks_unfinished.)
  private func leavesNext(to others: ClaimRequest, _ loaded: [String]) throws -> Bool {
    try execute(
      """
      WITH next AS MATERIALIZED (
        SELECT job_id, kind, since FROM ready WHERE kind = ANY($2::text[]) ORDER BY rank, job_id, task_id LIMIT 1
      ), wanted AS MATERIALIZED (
        SELECT n.kind, CASE WHEN n.kind = 'rollout-group' THEN 'run/' || n.job_id ELSE j.checkpoint END AS checkpoint,
          (SELECT count(*) FROM (SELECT 1 FROM ready r WHERE r.job_id = n.job_id AND r.kind = n.kind LIMIT 1000) AS r)
            AS waiting
        FROM next n JOIN jobs j ON j.id = n.job_id WHERE n.since > now() - make_interval(secs => $4)
      ), busy AS (
        SELECT session_id, count(*) AS slots FROM tasks WHERE finished_at IS NULL AND state = 'running'
        GROUP BY session_id
      )
      SELECT waiting <= coalesce((SELECT sum(greatest(w.slots - coalesce(busy.slots, 0), 0))
        FROM worker_sessions w LEFT JOIN busy ON busy.session_id = w.id
        WHERE w.state = 'alive' AND NOT w.draining AND w.id <> $1 AND wanted.checkpoint = ANY(w.loaded)
          AND wanted.kind = ANY(w.kinds)), 0) AS leaves
      FROM wanted WHERE checkpoint <> ALL($3::text[])
      """, others.session, others.kinds.map(\.rawValue), loaded, CheckpointAffinity.patienceForHolder
    ).first.map { try $0.get("leaves") } ?? false
  }
}
