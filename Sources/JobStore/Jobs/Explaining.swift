public import JobModel
import PostgresClient
import Scheduling

extension JobStore {
  /// Why a job stands where it stands, and when it should go on, as far as anything has been measured.
  public func explain(_ id: JobID, lab: LabID) async throws -> Explanation {
    let policy = schedulingPolicy
    return try await pool.transaction { [knownSums] session in
      guard let job = try session.jobs([id], lab: lab, knownSums).first else { throw StoreError.noJob(id) }
      var explanation = Explanation(job: id, state: job.state, reasons: [])
      if job.state.isFinal {
        explanation.reasons = [job.failure?.message ?? "all its tasks have succeeded"]
        return explanation
      }
      let facts = try session.waitingFacts(of: id)
      explanation.reasons = try session.ownReasons(of: id, facts)
      var tasksBefore: Int?
      if explanation.reasons.isEmpty, facts.due + facts.ready > 0 {
        tasksBefore = try session.explainWaiting(&explanation, facts, policy: policy)
      }
      if job.tasks.running > 0 {
        explanation.reasons.append(
          "\(job.tasks.running) of its tasks run\(job.tasks.running == 1 ? "s" : ""), "
            + "\(job.tasks.succeeded) of \(job.tasks.total) are done")
      }
      if let refusal = job.spec.refusal {
        // It is no reason to wait: its next task begins in its turn, and says the same.
        explanation.reasons.append("its next task will fail: \(refusal)")
      }
      try session.forecast(&explanation, job, tasksBefore: tasksBefore)
      return explanation
    }
  }
}

/// What of a job waits, and for what.
private struct WaitingFacts {
  let now: Double
  let paused: Bool
  let waitsFor: Int
  /// Tasks that could run.
  let due: Int
  let ready: Int
  /// The earliest end of a backoff or of a scheduled start.
  let nextAttempt: Double?
  let failure: String?
  let contended: Bool
}

extension Session {
  /// (Primary key of jobs, index tasks_unfinished.)
  fileprivate func waitingFacts(of job: JobID) throws -> WaitingFacts {
    let row = try execute(
      """
      SELECT extract(epoch FROM now())::float8 AS now, j.paused_at IS NOT NULL AS paused, j.waits_for,
        a.contended,
        (SELECT count(*) FROM tasks_at_turn(j.id)) + coalesce((
          SELECT sum((r.end_item - r.next_item + r.size - 1) / r.size)::bigint FROM ranges_at_turn(j.id) r), 0) AS due,
        count(t.id) FILTER (WHERE t.state = 'ready') AS ready,
        extract(epoch FROM min(t.not_before) FILTER (WHERE t.state = 'blocked' AND t.not_before > now()))::float8
          AS next_attempt,
        max(d.failure_message) FILTER (WHERE t.state = 'blocked' AND t.not_before > now()) AS failure
      FROM jobs j CROSS JOIN admission a
        LEFT JOIN tasks t ON t.job_id = j.id AND t.finished_at IS NULL
        LEFT JOIN task_details d ON d.job_id = t.job_id AND d.task_id = t.id
      WHERE j.id = $1 AND a.id = 1 GROUP BY j.id, a.id
      """, job
    ).only()
    return WaitingFacts(
      now: try row.get("now"), paused: try row.get("paused"), waitsFor: try row.get("waits_for"),
      due: try row.get("due"), ready: try row.get("ready"), nextAttempt: try row.getIfPresent("next_attempt"),
      failure: try row.getIfPresent("failure"), contended: try row.get("contended"))
  }

  /// What holds a job back that lies in the job itself.
  fileprivate func ownReasons(of job: JobID, _ facts: WaitingFacts) throws -> [String] {
    var reasons: [String] = []
    if let pause = try labPause(of: job) { reasons.append(pause) }
    if facts.paused { reasons.append("it is paused; 'ar1 resume \(job)' lets it go on") }
    if facts.waitsFor > 0 {
      let names = try execute(
        """
        SELECT o.id, o.state FROM job_dependencies d JOIN jobs o ON o.id = d.on_job_id
        WHERE d.job_id = $1 AND o.state <> 'succeeded' ORDER BY o.id
        """, job
      ).map { "job \(try $0.get("id", as: JobID.self)) (\(try $0.get("state", as: String.self)))" }
      reasons.append("it waits for \(names.joined(separator: ", "))")
    }
    if let next = facts.nextAttempt, facts.due + facts.ready == 0 {
      let moment = Moment.text(next)
      reasons.append(
        facts.failure.map { "its next try begins at \(moment), after: \($0)" } ?? "it begins at \(moment)")
    }
    return reasons
  }

  /// That the job's lab is paused, with who did so and why as far as the history goes back; nil when it is not.
  /// (Primary keys of jobs and labs, index events_of_lab.)
  private func labPause(of job: JobID) throws -> String? {
    let row = try execute(
      """
      SELECT l.name, extract(epoch FROM l.paused_at)::float8 AS paused_at, (SELECT e.message FROM events e
        WHERE e.lab_id = l.id AND e.kind = 'lab-paused' ORDER BY e.id DESC LIMIT 1) AS message
      FROM jobs j JOIN labs l ON l.id = j.lab_id WHERE j.id = $1 AND l.paused_at IS NOT NULL
      """, job
    ).first
    guard let row else { return nil }
    let name: String = try row.get("name")
    let who = try row.getIfPresent("message", as: String.self).map { " (\($0))" } ?? ""
    return
      "its lab is paused since \(Moment.text(try row.get("paused_at")))\(who); 'ar1 lab resume \(name)' lets "
      + "it go on"
  }

  /// What holds it back that lies in the pool, the lab's quota or the order.
  /// - Returns: how many tasks of other jobs will be taken before it, where that is known.
  fileprivate func explainWaiting(
    _ explanation: inout Explanation, _ facts: WaitingFacts, policy: SchedulingPolicy
  ) throws -> Int? {
    let job = explanation.job
    var competing: Set<TaskKind> = []
    if let next = try nextNeed(of: job) {
      let nodes = try nodes()
      if let reason = Admission.refusal(of: next.need, kind: next.kind, on: nodes) {
        explanation.reasons.append(try drainingWorker(for: next.need, next.kind) ?? reason)
        return nil
      }
      // What every worker takes that takes such tasks; others it does not have to wait for.
      competing = nodes.map(\.kinds).filter { $0.contains(next.kind) }.reduce(Set(TaskKind.allCases)) {
        $0.intersection($1)
      }
      if let reason = Self.withheldDevices(next.need, next.kind, on: nodes) {
        explanation.reasons.append(reason)
      }
    }
    if facts.ready == 0, facts.due > 0, let most = try reachedAtOnce(job) {
      explanation.reasons.append("\(most) of its tasks are out, as many as it allows at once (at_once)")
      return nil
    }
    if facts.ready > 0 {
      let before = try before(job, competing: competing)
      explanation.position = before.jobs + 1
      explanation.reasons.append(
        before.jobs == 0
          ? "it is next: a worker with a free slot will take it"
          : "\(before.jobs) job\(before.jobs == 1 ? " goes" : "s go") before it, and every worker that takes such "
            + "tasks is busy")
      return before.tasks
    }
    guard facts.contended else {
      explanation.reasons.append("it is admitted in a moment")
      return nil
    }
    guard try !holdsBacklog() else {
      explanation.reasons.append(
        "labs have begun to compete: what was ready is taken back first, then it is decided who is next")
      return nil
    }
    let snapshot = try snapshot(policy: policy)
    let wait = Admission.plan(snapshot, policy: policy).waits[job]
    explanation.position = wait?.position
    explanation.reasons.append(
      wait?.reason.description
        ?? (snapshot.demands.contains { $0.job == job }
          ? "it is admitted in a moment"
          : "\(Self.jobsInTurn) jobs of the same user that ask for the same go before it"))
    return nil
  }

  /// Other jobs of which something is taken before the job's first ready task, and how many tasks of theirs are: ready
  /// ones and, unless the leader decides about their order, those that are made of their ranges in the same place.
  /// (Indices ready_of_job, ready_order, primary key of task_ranges.)
  private func before(_ job: JobID, competing kinds: Set<TaskKind>) throws -> (jobs: Int, tasks: Int) {
    let row = try execute(
      """
      WITH mine AS MATERIALIZED (
        SELECT rank, job_id, task_id FROM ready WHERE job_id = $1 ORDER BY rank, task_id LIMIT 1
      ), before AS MATERIALIZED (
        SELECT r.job_id, count(*) AS tasks FROM ready r JOIN mine
          ON r.job_id <> $1 AND (r.rank, r.job_id, r.task_id) < (mine.rank, mine.job_id, mine.task_id)
        WHERE r.kind = ANY($2::text[]) GROUP BY r.job_id
      )
      SELECT count(*) AS jobs, coalesce(sum(tasks + coalesce((
        SELECT sum((t.end_item - t.next_item + t.size - 1) / t.size) FROM task_ranges t, admission a
        WHERE t.job_id = before.job_id AND NOT t.shut AND a.id = 1 AND NOT a.contended), 0)), 0)::bigint AS tasks
      FROM before
      """, job, kinds.map(\.rawValue).sorted()
    ).only()
    return (try row.get("jobs"), try row.get("tasks"))
  }

  /// The most tasks the job allows at once, when so many are out. (Index tasks_unfinished.)
  private func reachedAtOnce(_ job: JobID) throws -> Int? {
    try execute(
      """
      SELECT j.at_once FROM jobs j WHERE j.id = $1 AND j.at_once <= (SELECT count(*) FROM tasks
        WHERE job_id = $1 AND finished_at IS NULL AND state IN ('ready', 'running'))
      """, job
    ).first.map { try $0.get("at_once") }
  }

  /// What the job's next task takes of a worker; nil when none is left.
  private func nextNeed(of job: JobID) throws -> (kind: TaskKind, need: ResourceRequest)? {
    let row = try execute(
      """
      SELECT next.kind, n.request FROM (
        (SELECT kind, stage FROM tasks
          WHERE job_id = $1 AND finished_at IS NULL AND state IN ('blocked', 'ready') ORDER BY stage, id LIMIT 1)
        UNION ALL SELECT kind, stage FROM task_ranges WHERE job_id = $1) AS next
        JOIN jobs j ON j.id = $1
        LEFT JOIN resource_needs n ON n.id = need_of(next.kind, j.need_id, j.light_need_id)
      ORDER BY next.stage LIMIT 1
      """, job
    ).first
    return try row.map { (try $0.name("kind"), try $0.jsonIfPresent("request") ?? .slot) }
  }

  /// That a worker which such a task could run on is draining; nil when there is none. (Index worker_sessions_alive.)
  private func drainingWorker(for need: ResourceRequest, _ kind: TaskKind) throws -> String? {
    let workers = try execute(
      """
      SELECT id, name, inventory FROM worker_sessions
      WHERE state = 'alive' AND draining AND $1 = ANY (kinds) ORDER BY id
      """, kind.rawValue
    ).map { row in
      (
        id: try row.get("id", as: SessionID.self), name: try row.get("name", as: String.self),
        inventory: try row.json("inventory", as: Inventory.self)
      )
    }
    return workers.first { $0.inventory.refusal(of: need) == nil }.map {
      "worker \($0.name) is draining; 'ar1 drain \($0.id) --undo' gives it work again"
    }
  }

  /// That GPUs which such a task could run on are not offered; nil when all of them are.
  private static func withheldDevices(
    _ need: ResourceRequest, _ kind: TaskKind, on nodes: [Node]
  ) -> String? {
    guard need.kind == .cuda else { return nil }
    let able = nodes.filter { $0.kinds.contains(kind) && $0.inventory.refusal(of: need) == nil }
    let withheld = able.reduce(0) { count, node in
      count + node.inventory.devices.count { node.withheld.contains($0.index) }
    }
    guard withheld > 0 else { return nil }
    let all = able.reduce(0) { $0 + $1.inventory.devices.count }
    return
      "\(withheld) of the \(all) GPU\(all == 1 ? "" : "s") of workers that could run it get no task until they "
      + "could be opened anew: 'ar1 workers' shows which, their workers' logs say why"
  }

  /// When it should begin and end, by the lengths of its finished tasks and the rate of its progress.
  /// - Parameter tasksBefore: how many tasks are taken before it; nil reckons with one of each job before it.
  fileprivate func forecast(
    _ explanation: inout Explanation, _ job: JobRecord, tasksBefore: Int?
  ) throws {
    let row = try execute(
      """
      SELECT extract(epoch FROM now())::float8 AS now,
        (SELECT extract(epoch FROM max(claimed_at))::float8 FROM tasks
          WHERE job_id = $1 AND finished_at IS NULL AND state = 'running') AS last_start,
        (SELECT sum(d.progress_done / extract(epoch FROM d.progress_at - t.claimed_at))::float8
          FROM tasks t JOIN task_details d ON d.job_id = t.job_id AND d.task_id = t.id
          WHERE t.job_id = $1 AND t.finished_at IS NULL AND t.state = 'running' AND t.kind IN ('learn', 'shard')
            AND d.progress_at > t.claimed_at) AS running_rate,
        (SELECT (sum(seconds) / sum(finished))::float8 FROM task_lengths WHERE job_id = $1
          AND kind NOT IN ('plan', 'report') AND finished > 0) AS own_length,
        (SELECT (sum(l.seconds) / sum(l.finished))::float8 FROM (SELECT seconds, finished FROM task_lengths
          WHERE finished > 0 ORDER BY job_id DESC LIMIT 100) AS l) AS any_length,
        (SELECT sum(slots) FROM worker_sessions WHERE state = 'alive' AND NOT draining) AS slots
      """, job.id
    ).only()
    let now: Double = try row.get("now")
    let length = try row.getIfPresent("own_length", as: Double.self) ?? row.getIfPresent("any_length")
    let slots = max(1, try row.getIfPresent("slots", as: Int.self) ?? 1)
    if let position = explanation.position, job.tasks.running == 0, let length {
      // What is before it begins one after another as slots come free.
      explanation.startsAt = now + length * Double((tasksBefore ?? position - 1) + 1) / Double(slots)
    }
    guard job.tasks.running > 0, let progress = job.progress, let total = progress.total else { return }
    let rate: Double? = try row.getIfPresent("running_rate")
    guard let rate, rate > 0, rate.isFinite else { return }
    explanation.rate = rate
    explanation.endsAt = now + max(0, total - progress.done) / rate
  }
}
