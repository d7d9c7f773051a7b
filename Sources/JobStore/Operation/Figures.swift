public import JobModel
import PostgresClient

/// What the database holds now, for monitoring.
public struct QueueFigures: Sendable, Equatable {
  /// Unfinished jobs by state.
  public var jobs: [JobState: Int] = [:]
  /// Tasks that wait for a worker, by kind.
  public var readyTasks: [TaskKind: Int] = [:]
  /// Tasks that run, by kind.
  public var runningTasks: [TaskKind: Int] = [:]
  /// Seconds since the oldest job with a waiting task was submitted; 0 when none waits.
  public var oldestReadySeconds = 0.0
  public var workers = 0
  public var slots = 0
  /// Of live workers, as they tell it.
  public var devices: [Overview.Device] = []
  public var pendingWebhooks = 0
  /// Of the present leader; 0 before the first.
  public var leaderTerm: Int64 = 0
  /// Seconds for which the oldest snapshot of any connection has been held: while one is, dead rows stay.
  public var oldestSnapshotSeconds = 0.0
}

extension JobStore {
  public func figures() async throws -> QueueFigures {
    try await pool.transaction { session in
      var figures = QueueFigures()
      let jobs = try session.execute(
        "SELECT state, count(*) AS jobs FROM jobs WHERE finished_at IS NULL GROUP BY state")
      for index in 0..<jobs.count {
        figures.jobs[try jobs[index].name("state")] = try jobs[index].get("jobs")
      }
      let ready = try session.execute("SELECT kind, count(*) AS tasks FROM ready GROUP BY kind")
      for index in 0..<ready.count {
        figures.readyTasks[try ready[index].name("kind")] = try ready[index].get("tasks")
      }
      // (Index tasks_unfinished.)
      let running = try session.execute(
        "SELECT kind, count(*) AS tasks FROM tasks WHERE finished_at IS NULL AND state = 'running' GROUP BY kind"
      )
      for index in 0..<running.count {
        figures.runningTasks[try running[index].name("kind")] = try running[index].get("tasks")
      }
      let row = try session.execute(
        """
        SELECT coalesce((SELECT extract(epoch FROM now() - j.created_at) FROM jobs j
            WHERE j.id = (SELECT min(job_id) FROM ready)), 0)::float8 AS oldest_ready,
          (SELECT count(*) FROM worker_sessions WHERE state = 'alive') AS workers,
          (SELECT coalesce(sum(slots), 0) FROM worker_sessions WHERE state = 'alive')::bigint AS slots,
          (SELECT count(*) FROM webhook_deliveries) AS webhooks,
          coalesce((SELECT term FROM leader), 0) AS term,
          coalesce((SELECT max(extract(epoch FROM clock_timestamp() - xact_start)) FROM pg_stat_activity
            WHERE backend_xmin IS NOT NULL AND datname = current_database()), 0)::float8 AS snapshot
        """
      ).only()
      figures.oldestReadySeconds = max(0, try row.get("oldest_ready"))
      figures.workers = try row.get("workers")
      figures.slots = try row.get("slots")
      figures.devices = try session.devices(limit: 10_000)
      figures.pendingWebhooks = try row.get("webhooks")
      figures.leaderTerm = try row.get("term")
      figures.oldestSnapshotSeconds = max(0, try row.get("snapshot"))
      return figures
    }
  }
}
