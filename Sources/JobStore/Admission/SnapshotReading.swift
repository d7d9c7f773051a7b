import JobModel
import PostgresClient
import Scheduling

extension Session {
  /// The state of the pool as admission sees it. Reads, and locks nothing.
  func snapshot(policy: SchedulingPolicy) throws -> Snapshot {
    let needs = try needs()
    let row = try execute(
      "SELECT extract(epoch FROM now())::float8 AS now, turnover FROM admission WHERE id = 1"
    ).only()
    let now: Double = try row.get("now")
    let lengths = try taskLengths()
    let turnover: Double = try row.get("turnover")
    // In this order, so that a task which is claimed meanwhile is seen twice rather than not at all.
    let ready = try readyHoldings(needs, lengths, now: now)
    let running = try runningHoldings(needs, lengths)
    let begun = Set(running.map(\.task))
    return Snapshot(
      now: now, nodes: try nodes(), labs: try labShares(),
      holdings: running + ready.filter { !begun.contains($0.task) },
      demands: try demands(needs, lengths, held: running + ready, policy: policy),
      usage: try decayedUsage(policy: policy),
      // What ends within two passes, where that is much; a few tasks can wait for the next pass.
      turnover: turnover >= 1 ? Int(turnover * 2) : 0)
  }

  /// (Small table.)
  func needs() throws -> [Int: ResourceRequest] {
    let rows = try execute("SELECT id, request FROM resource_needs")
    return try Dictionary(uniqueKeysWithValues: rows.map { (try $0.get("id"), try $0.json("request")) })
  }

  /// Live workers that take new tasks. (Index worker_sessions_alive.)
  func nodes() throws -> [Node] {
    try execute(
      """
      SELECT id, kinds, slots, inventory, devices FROM worker_sessions
      WHERE state = 'alive' AND NOT draining ORDER BY id
      """
    ).map { row in
      let devices: [DeviceReport] = try row.jsonIfPresent("devices") ?? []
      return Node(
        session: try row.get("id"),
        kinds: Set(try row.get("kinds", as: [String].self).compactMap(TaskKind.init(rawValue:))),
        slots: try row.get("slots"), inventory: try row.json("inventory"),
        withheld: Set(devices.filter(\.isWithheld).map(\.index)))
    }
  }

  /// (Primary keys of quotas and usage_ledger.)
  private func labShares() throws -> [LabShare] {
    try execute(
      """
      SELECT q.lab_id, q.device, q.weight, q.nominal, q.borrow, q.lend, q.max_running, q.budget_hours,
        coalesce((SELECT sum(u.unit_seconds) FROM usage_ledger u WHERE u.lab_id = q.lab_id AND u.device = q.device
          AND u.day >= date_trunc('month', now() AT TIME ZONE 'UTC')::date), 0)::float8 AS spent
      FROM quotas q ORDER BY q.lab_id, q.device
      """
    ).map { row in
      LabShare(
        lab: try row.get("lab_id"), device: try row.name("device"), weight: try row.get("weight"),
        quota: try row.quota(), spent: try row.get("spent"))
    }
  }

  /// Seconds that a job's tasks of a kind took on average. (Primary key of task_lengths.)
  private func taskLengths() throws -> [JobID: [TaskKind: Double]] {
    let rows = try execute(
      """
      SELECT l.job_id, l.kind, l.seconds / l.finished AS mean
      FROM jobs j JOIN task_lengths l ON l.job_id = j.id WHERE j.finished_at IS NULL AND l.finished > 0
      """)
    var lengths: [JobID: [TaskKind: Double]] = [:]
    for index in 0..<rows.count {
      let row = rows[index]
      lengths[try row.get("job_id"), default: [:]][try row.name("kind")] = try row.get("mean")
    }
    return lengths
  }

  /// (Index tasks_unfinished.)
  private func runningHoldings(
    _ needs: [Int: ResourceRequest], _ lengths: [JobID: [TaskKind: Double]]
  ) throws -> [Holding] {
    let learners = try learnerTasks()
    return try execute(
      """
      SELECT t.id, t.job_id, j.lab_id, j.user_id, j.priority, t.kind, t.session_id,
        CASE WHEN t.kind IN ('plan', 'report') THEN j.light_need_id ELSE j.need_id END AS need_id,
        CASE WHEN t.kind = 'learn' AND j.spec ->> 'method' IS DISTINCT FROM 'sft' THEN 1 ELSE 0 END AS companions,
        extract(epoch FROM t.claimed_at)::float8 AS since, t.yield_by IS NOT NULL AS yields, j.preemptions,
        CASE WHEN d.progress_done > 0 AND d.progress_total >= d.progress_done THEN
          extract(epoch FROM t.claimed_at + (d.progress_at - t.claimed_at)
            * least(d.progress_total / d.progress_done, 1e6))::float8 END AS ends,
        CASE WHEN t.kind = 'learn' THEN (SELECT extract(epoch FROM max(s.recorded_at))::float8
          FROM learner_steps s WHERE s.run_id = t.job_id) END AS saved_at
      FROM tasks t JOIN jobs j ON j.id = t.job_id JOIN task_details d ON d.job_id = t.job_id AND d.task_id = t.id
      WHERE t.finished_at IS NULL AND t.state = 'running' ORDER BY t.id
      """
    ).map { row in
      let (job, kind): (JobID, TaskKind) = (try row.get("job_id"), try row.name("kind"))
      let since: Double = try row.get("since")
      let length = lengths[job]?[kind]
      return Holding(
        task: try row.get("id"), job: job, lab: try row.get("lab_id"), user: try row.get("user_id"),
        priority: try row.get("priority"), kind: kind,
        need: try row.getIfPresent("need_id").flatMap { needs[$0] } ?? .slot, node: try row.get("session_id"),
        since: since, savedAt: max(since, try row.getIfPresent("saved_at") ?? since),
        expectedEnd: try row.getIfPresent("ends") ?? length.map { since + $0 }, expectedSeconds: length,
        companions: try row.get("companions"), leader: kind == .rolloutGroup ? learners[job] : nil,
        isYielding: try row.get("yields"), preemptions: try row.get("preemptions"))
    }
  }

  private func learnerTasks() throws -> [JobID: TaskID] {
    let rows = try execute(
      "SELECT id, job_id FROM tasks WHERE finished_at IS NULL AND state = 'running' AND kind = 'learn'")
    return try Dictionary(
      rows.map { (try $0.get("job_id"), try $0.get("id")) }, uniquingKeysWith: { first, _ in first })
  }

  /// (Index ready_order.)
  private func readyHoldings(
    _ needs: [Int: ResourceRequest], _ lengths: [JobID: [TaskKind: Double]], now: Double
  ) throws -> [Holding] {
    try execute(
      """
      SELECT r.task_id, r.job_id, r.kind, r.need_id, j.lab_id, j.user_id, j.priority,
        CASE WHEN r.kind = 'learn' AND j.spec ->> 'method' IS DISTINCT FROM 'sft' THEN 1 ELSE 0 END AS companions
      FROM ready r JOIN jobs j ON j.id = r.job_id ORDER BY r.rank, r.job_id, r.task_id
      """
    ).map { row in
      let (job, kind): (JobID, TaskKind) = (try row.get("job_id"), try row.name("kind"))
      return Holding(
        task: try row.get("task_id"), job: job, lab: try row.get("lab_id"), user: try row.get("user_id"),
        priority: try row.get("priority"), kind: kind,
        need: try row.getIfPresent("need_id").flatMap { needs[$0] } ?? .slot, since: now,
        expectedSeconds: lengths[job]?[kind], companions: try row.get("companions"))
    }
  }

  /// Of each user's jobs that ask for the same so many are looked at in one pass.
  static let jobsInTurn = 100

  /// Waiting tasks of the jobs whose turn can come: of each user's jobs that ask for the same the first hundred of
  /// which something could begin now, in the order in which that user's are served (`WaitingLine`). What cannot begin at
  /// all on the workers there are thus holds up its like only, and what has begun nothing that has not.
  ///
  /// Jobs are gone through in their order and only until there are enough. (Indices jobs_unfinished, tasks_unfinished,
  /// primary keys of jobs and task_ranges.)
  private func demands(
    _ needs: [Int: ResourceRequest], _ lengths: [JobID: [TaskKind: Double]], held: [Holding],
    policy: SchedulingPolicy
  ) throws -> [Demand] {
    let held = Dictionary(held.map { ($0.job, 1) }, uniquingKeysWith: +)
    return try execute(
      """
      WITH line AS (
        SELECT array_agg(id ORDER BY reserved_at,
          -- The band, as SchedulingPolicy has it.
          least(2, CASE WHEN priority > 33 THEN 2 WHEN priority < -33 THEN 0 ELSE 1 END
            + floor(greatest(0, date_part('epoch', now() - since)) / $1)) DESC,
          priority DESC, since, id) AS ids
        FROM (SELECT id, user_id, kind, need_id, started_at, reserved_at, priority,
            greatest(created_at, begins_at) AS since FROM jobs
          WHERE finished_at IS NULL AND paused_at IS NULL AND waits_for = 0
            AND (begins_at IS NULL OR begins_at <= now())
            AND lab_id NOT IN (SELECT id FROM labs WHERE paused_at IS NOT NULL)) AS open
        GROUP BY user_id, kind, need_id, started_at IS NULL
      ), first AS MATERIALIZED (
        SELECT job.id FROM line CROSS JOIN LATERAL (
          SELECT j.id FROM unnest(line.ids) AS j (id)
          WHERE (SELECT at_once IS NULL OR at_once > (SELECT count(*) FROM tasks
              WHERE job_id = j.id AND finished_at IS NULL AND state IN ('ready', 'running')) FROM jobs WHERE id = j.id)
            AND ((SELECT t.id FROM tasks t
              WHERE t.job_id = j.id AND t.finished_at IS NULL AND t.state = 'blocked'
                AND (t.not_before IS NULL OR t.not_before <= now()) AND t.stage = least(
                  (SELECT min(stage) FROM tasks WHERE job_id = j.id AND finished_at IS NULL),
                  (SELECT min(stage) FROM task_ranges WHERE job_id = j.id))
              LIMIT 1) IS NOT NULL
              OR (SELECT r.job_id FROM task_ranges r WHERE r.job_id = j.id AND NOT EXISTS (SELECT 1 FROM tasks t
                WHERE t.job_id = j.id AND t.finished_at IS NULL AND t.stage < r.stage OFFSET 0) LIMIT 1) IS NOT NULL)
          LIMIT $2) AS job
      ), turn AS (
        SELECT id, lab_id, user_id, priority, at_once, spec ->> 'method' AS method, need_id, light_need_id,
          greatest(created_at, begins_at) AS since, reserved_at
        FROM jobs WHERE id = ANY(ARRAY(SELECT id FROM first))
      )
      SELECT turn.id, turn.lab_id, turn.user_id, turn.priority, turn.at_once, w.kind, w.waiting,
        CASE WHEN w.kind = 'learn' AND turn.method IS DISTINCT FROM 'sft' THEN 1 ELSE 0 END AS companions,
        CASE WHEN w.kind IN ('plan', 'report') THEN turn.light_need_id ELSE turn.need_id END AS need_id,
        extract(epoch FROM turn.since)::float8 AS since,
        extract(epoch FROM turn.reserved_at)::float8 AS reserved_at
      FROM turn JOIN LATERAL (
        SELECT kind, sum(waiting)::bigint AS waiting FROM (
          SELECT kind, count(*) AS waiting FROM (
            SELECT t.kind FROM tasks t
            WHERE t.job_id = turn.id AND t.finished_at IS NULL AND t.state = 'blocked'
              AND (t.not_before IS NULL OR t.not_before <= now()) AND t.stage = least(
                (SELECT min(stage) FROM tasks WHERE job_id = turn.id AND finished_at IS NULL),
                (SELECT min(stage) FROM task_ranges WHERE job_id = turn.id))
            LIMIT 2000) AS first
          GROUP BY kind
          UNION ALL
          SELECT r.kind, least(2000, (r.end_item - r.next_item + r.size - 1) / r.size) FROM task_ranges r
          WHERE r.job_id = turn.id AND r.stage = (SELECT min(stage) FROM task_ranges WHERE job_id = turn.id)
            AND NOT EXISTS (SELECT 1 FROM tasks t
              WHERE t.job_id = turn.id AND t.finished_at IS NULL AND t.stage < r.stage OFFSET 0)) AS summed
        GROUP BY kind) AS w ON true
      ORDER BY turn.id, w.kind
      """, policy.agingSeconds, Self.jobsInTurn
    ).map { row in
      let (job, kind): (JobID, TaskKind) = (try row.get("id"), try row.name("kind"))
      let room = try row.getIfPresent("at_once", as: Int.self).map { max(0, $0 - (held[job] ?? 0)) } ?? .max
      return Demand(
        job: job, lab: try row.get("lab_id"), user: try row.get("user_id"), priority: try row.get("priority"),
        kind: kind, need: try row.getIfPresent("need_id").flatMap { needs[$0] } ?? .slot,
        waiting: min(room, try row.get("waiting")), companions: try row.get("companions"),
        since: try row.get("since"),
        expectedSeconds: lengths[job]?[kind], reservedAt: try row.getIfPresent("reserved_at"))
    }
  }

  /// (Primary key of decayed_usage.)
  private func decayedUsage(policy: SchedulingPolicy) throws -> [Usage] {
    try execute(
      """
      SELECT lab_id, user_id, device,
        amount * exp(-ln(2) * least(extract(epoch FROM now() - at) / $1, 700))::float8 AS amount
      FROM decayed_usage ORDER BY lab_id, user_id, device
      """, policy.halfLife
    ).map { row in
      Usage(
        lab: try row.get("lab_id"), user: try row.get("user_id"), device: try row.name("device"),
        amount: try row.get("amount"))
    }
  }
}

extension Rows.Row {
  /// The quota in the columns of that table.
  func quota() throws -> Quota {
    Quota(
      nominal: try get("nominal"), borrow: try getIfPresent("borrow"), lend: try getIfPresent("lend"),
      maxRunning: try getIfPresent("max_running"), budgetHours: try getIfPresent("budget_hours"))
  }
}
