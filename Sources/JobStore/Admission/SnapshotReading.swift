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
    let turnover: Double = try row.get("turnover")
    // In this order, so that a task which is claimed meanwhile is seen twice rather than not at all.
    let ready = try readyHoldings(needs, now: now)
    let running = try runningHoldings(needs)
    let begun = Set(running.map(\.task))
    let holdings = running + ready.filter { !begun.contains($0.task) }
    let demands = try demands(needs, held: running + ready, policy: policy)
    let lengths = try taskLengths(of: Set(holdings.map(\.job) + demands.map(\.job)))
    return Snapshot(
      now: now, nodes: try nodes(), labs: try labShares(), holdings: holdings.map { $0.lasting(lengths) },
      demands: demands.map { $0.lasting(lengths) },
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

  /// Seconds that jobs' tasks of a kind took on average. (Primary key of task_lengths.)
  private func taskLengths(of jobs: Set<JobID>) throws -> TaskLengths {
    let rows = try execute(
      """
      SELECT job_id, kind, seconds / finished AS mean FROM task_lengths
      WHERE job_id = ANY($1::bigint[]) AND finished > 0
      """, jobs.sorted())
    var lengths: TaskLengths = [:]
    for index in 0..<rows.count {
      let row = rows[index]
      lengths[try row.get("job_id"), default: [:]][try row.name("kind")] = try row.get("mean")
    }
    return lengths
  }

  /// (Index tasks_unfinished.)
  private func runningHoldings(_ needs: [Int: ResourceRequest]) throws -> [Holding] {
    let running = try execute(
      """
      SELECT t.id, t.job_id, j.lab_id, j.user_id, j.priority, t.kind, t.session_id,
        need_of(t.kind, j.need_id, j.light_need_id) AS need_id,
        companions_of(t.kind, j.spec ->> 'method') AS companions,
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
      return Holding(
        task: try row.get("id"), job: job, lab: try row.get("lab_id"), user: try row.get("user_id"),
        priority: try row.get("priority"), kind: kind,
        need: try row.getIfPresent("need_id").flatMap { needs[$0] } ?? .slot, node: try row.get("session_id"),
        since: since, savedAt: max(since, try row.getIfPresent("saved_at") ?? since),
        expectedEnd: try row.getIfPresent("ends"), companions: try row.get("companions"),
        isYielding: try row.get("yields"), preemptions: try row.get("preemptions"))
    }
    let learners = Dictionary(
      running.filter { $0.kind == .learn }.map { ($0.job, $0.task) }, uniquingKeysWith: { first, _ in first })
    return running.map { task in
      var task = task
      if task.kind == .rolloutGroup { task.leader = learners[task.job] }
      return task
    }
  }

  /// (Index ready_order.)
  private func readyHoldings(_ needs: [Int: ResourceRequest], now: Double) throws -> [Holding] {
    try execute(
      """
      SELECT r.task_id, r.job_id, r.kind, r.need_id, j.lab_id, j.user_id, j.priority,
        companions_of(r.kind, j.spec ->> 'method') AS companions
      FROM ready r JOIN jobs j ON j.id = r.job_id ORDER BY r.rank, r.job_id, r.task_id
      """
    ).map { row in
      Holding(
        task: try row.get("task_id"), job: try row.get("job_id"), lab: try row.get("lab_id"),
        user: try row.get("user_id"), priority: try row.get("priority"), kind: try row.name("kind"),
        need: try row.getIfPresent("need_id").flatMap { needs[$0] } ?? .slot, since: now,
        companions: try row.get("companions"))
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

/// Seconds that tasks of a kind take, by job, as far as is known.
private typealias TaskLengths = [JobID: [TaskKind: Double]]

extension Holding {
  fileprivate func lasting(_ lengths: TaskLengths) -> Holding {
    var holding = self
    holding.expectedSeconds = lengths[job]?[kind]
    // Of one that nobody has claimed yet it is not known when it begins.
    if isRunning, expectedEnd == nil { holding.expectedEnd = holding.expectedSeconds.map { since + $0 } }
    return holding
  }
}

extension Demand {
  fileprivate func lasting(_ lengths: TaskLengths) -> Demand {
    var demand = self
    demand.expectedSeconds = lengths[job]?[kind]
    return demand
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
