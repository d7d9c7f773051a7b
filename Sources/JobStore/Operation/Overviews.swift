public import JobModel
import PostgresClient

extension JobStore {
  /// The queue at a glance.
  /// - Parameter lab: nil shows every lab.
  public func overview(lab: LabID?) async throws -> Overview {
    try await pool.transaction { session in
      Overview(
        at: try session.execute("SELECT extract(epoch FROM now())::float8 AS now").only().get("now"),
        labs: try session.labLoads(lab), workers: try session.workerLoad(),
        devices: try session.devices(limit: 200), tasks: try session.runningTasks(lab))
    }
  }
}

extension Session {
  /// The GPUs of live workers that tell their use. (Index worker_sessions_alive.)
  /// - Parameter limit: of the workers.
  func devices(limit: Int) throws -> [Overview.Device] {
    try execute(
      """
      SELECT id, name, inventory, devices FROM worker_sessions
      WHERE state = 'alive' AND devices IS NOT NULL ORDER BY id LIMIT $1
      """, limit
    ).map { row -> [Overview.Device] in
      let (session, worker) = (try row.get("id", as: SessionID.self), try row.get("name", as: String.self))
      let inventory = try row.json("inventory", as: Inventory.self)
      return try row.json("devices", as: [DeviceReport].self).map { use in
        Overview.Device(
          session: session, worker: worker,
          name: inventory.devices.first { $0.index == use.index }?.name ?? "GPU", use: use)
      }
    }.flatMap(\.self)
  }

  /// (Indices jobs_unfinished, ready_of_job, tasks_unfinished.)
  fileprivate func labLoads(_ lab: LabID?) throws -> [Overview.Lab] {
    try execute(
      """
      SELECT l.name, count(*) FILTER (WHERE j.state = 'queued') AS queued,
        count(*) FILTER (WHERE j.state = 'running') AS running,
        coalesce(sum((SELECT count(*) FROM ready r WHERE r.job_id = j.id)), 0)::bigint AS ready_tasks,
        coalesce(sum((SELECT count(*) FROM tasks t WHERE t.job_id = j.id AND t.finished_at IS NULL
          AND t.state = 'running')), 0)::bigint AS running_tasks
      FROM jobs j JOIN labs l ON l.id = j.lab_id
      WHERE j.finished_at IS NULL AND ($1::bigint IS NULL OR j.lab_id = $1)
      GROUP BY l.name ORDER BY l.name
      """, lab
    ).map { row in
      Overview.Lab(
        lab: try row.get("name"), queuedJobs: try row.get("queued"), runningJobs: try row.get("running"),
        readyTasks: try row.get("ready_tasks"), runningTasks: try row.get("running_tasks"))
    }
  }

  /// (Indices worker_sessions_alive, tasks_unfinished.)
  fileprivate func workerLoad() throws -> Overview.Workers {
    let row = try execute(
      """
      SELECT count(*) AS alive, coalesce(sum(slots), 0)::bigint AS slots,
        (SELECT count(*) FROM tasks t JOIN worker_sessions h ON h.id = t.session_id
          WHERE t.finished_at IS NULL AND t.state = 'running' AND h.state = 'alive') AS busy
      FROM worker_sessions w WHERE w.state = 'alive'
      """
    ).only()
    return Overview.Workers(
      alive: try row.get("alive"), slots: try row.get("slots"), busy: try row.get("busy"))
  }

  /// (Index tasks_unfinished.)
  fileprivate func runningTasks(_ lab: LabID?) throws -> [Overview.RunningTask] {
    try execute(
      """
      SELECT t.id, t.job_id, l.name AS lab, j.name, t.kind,
        (SELECT name FROM worker_sessions WHERE id = t.session_id) AS worker,
        extract(epoch FROM t.claimed_at)::float8 AS started_at, d.progress_done, d.progress_total,
        d.progress_unit, d.progress_message, d.progress_metrics
      FROM tasks t JOIN task_details d ON d.job_id = t.job_id AND d.task_id = t.id
        JOIN jobs j ON j.id = t.job_id JOIN labs l ON l.id = j.lab_id
      WHERE t.finished_at IS NULL AND t.state = 'running' AND ($1::bigint IS NULL OR j.lab_id = $1)
      ORDER BY t.claimed_at LIMIT 200
      """, lab
    ).map { row in
      Overview.RunningTask(
        task: try row.get("id"), job: try row.get("job_id"), lab: try row.get("lab"),
        name: try row.get("name"), kind: try row.name("kind"), worker: try row.get("worker"),
        startedAt: try row.get("started_at"), progress: try row.progress())
    }
  }
}
