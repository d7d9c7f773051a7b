import JobModel
import PostgresClient
import Scheduling

/// What one pass of the leader's admission did.
struct AdmissionReport: Sendable {
  var admitted = Admitted.none
  var preempted = 0
}

extension JobStore {
  /// The leader's admission at a tick: finds out whether anybody competes and, if so, decides anew who is next, also
  /// about what was admitted and nobody has claimed.
  ///
  /// As long as nobody competes, tasks are admitted as they come (`Session.admit`) and this only looks for those
  /// whose backoff has run out.
  func admitWaiting() async throws -> AdmissionReport {
    let (was, competes) = try await pool.transaction { session -> (Bool, Bool) in
      try session.lockPasses()
      let was = try session.isContended()
      let competes = try session.competes(contended: was)
      if competes != was { try session.setContended(competes) }
      return (was, competes)
    }
    // What is left has taken its place by priority.
    if was, !competes { frontier.lower(to: .head) }
    guard competes else { return AdmissionReport(admitted: try await admitDue()) }
    try await withdrawUnclaimed()
    return try await pass()
  }

  /// Takes back what is ready and that nobody is claiming, as much as a tick has time for; nothing is added to it
  /// meanwhile. In transactions of their own: whoever cancels a job waits for these rows, and a pass waits for jobs.
  private func withdrawUnclaimed() async throws {
    let end = ContinuousClock.now + .seconds(2)
    var isLeft = true
    while isLeft, ContinuousClock.now < end {
      isLeft = try await pool.transaction { session in
        try session.lockPasses()
        return try session.withdrawUnclaimed()
      }
    }
  }

  /// Between two ticks: another pass over what waits, unless nobody competes.
  /// - Returns: how many tasks became ready.
  public func admitIfContended() async throws -> Int {
    guard try await pool.run({ try $0.isContended() }) else { return 0 }
    let admitted = try await pass().admitted
    announce(admitted)
    return admitted.count
  }

  /// One pass at a time reads a snapshot, decides, and writes the plan down. Nothing it decides can contradict what
  /// happens meanwhile, because tasks become ready only under their job's lock. As long as very much is ready from
  /// before anybody competed, ticks take that back first, and workers go on with it.
  private func pass() async throws -> AdmissionReport {
    let policy = schedulingPolicy
    return try await pool.transaction { session in
      try session.lockPasses()
      guard try !session.holdsBacklog() else { return AdmissionReport() }
      let snapshot = try session.snapshot(policy: policy)
      return try session.apply(Admission.plan(snapshot, policy: policy), policy: policy)
    }
  }

  private func admitDue() async throws -> Admitted {
    let jobs = try await pool.run { session in
      try session.jobsWithDueTasks(limit: 1000) + session.jobsToExtend()
    }
    guard !jobs.isEmpty else { return .none }
    return try await pool.transaction { session in
      var admitted = Admitted.none
      // Some may have ended since they were found.
      for job in try session.lockJobs(jobs).values where !job.state.isFinal {
        admitted += try session.admit(job)
      }
      return admitted
    }
  }
}

extension Session {
  func isContended() throws -> Bool {
    try execute("SELECT contended FROM admission WHERE id = 1").only().get("contended")
  }

  /// Whether someone has to decide who is next: users wait beside each other, a quota limits a lab with unfinished
  /// jobs, or several trainings could take each other's places for rollouts. While that is so, whoever still waits
  /// keeps it so, and is looked for first: it is found at once, however many wait. Of what is ready only the first is looked
  /// at, and then whether other users' unfinished jobs have any: there may be very much of it. (Indices jobs_unfinished,
  /// ready_of_job, tasks_delayed.)
  fileprivate func competes(contended: Bool) throws -> Bool {
    try execute(
      """
      SELECT ($1 AND EXISTS (SELECT 1 FROM tasks t JOIN jobs_that_may_begin() j ON j.id = t.job_id
          WHERE t.finished_at IS NULL AND t.state = 'blocked' AND t.not_before <= now()))
        OR ($1 AND EXISTS (
          SELECT 1 FROM task_ranges r JOIN jobs_that_may_begin() j ON j.id = r.job_id WHERE NOT r.shut))
        OR EXISTS (SELECT 1 FROM quotas q WHERE (q.nominal > 0 OR q.borrow IS NOT NULL
            OR q.max_running IS NOT NULL OR q.budget_hours IS NOT NULL)
          AND EXISTS (SELECT 1 FROM jobs j WHERE j.lab_id = q.lab_id AND j.finished_at IS NULL))
        OR (SELECT count(*) FROM (SELECT 1 FROM jobs WHERE finished_at IS NULL AND kind = 'train' LIMIT 2) AS t) > 1
        OR EXISTS (SELECT 1 FROM jobs j WHERE j.finished_at IS NULL
          AND j.user_id <> (SELECT user_id FROM jobs WHERE id = (SELECT job_id FROM ready ORDER BY job_id LIMIT 1))
          AND (SELECT r.task_id FROM ready r WHERE r.job_id = j.id LIMIT 1) IS NOT NULL)
        AS competes
      """, contended
    ).only().get("competes")
  }

  fileprivate func lockPasses() throws { try execute("SELECT pg_advisory_xact_lock(7271001)") }

  /// From the moment nobody competes whoever makes a task admits it; what is left takes its place by priority.
  fileprivate func setContended(_ contended: Bool) throws {
    try execute("UPDATE admission SET contended = $1 WHERE id = 1", contended)
    guard !contended else { return }
    try execute(
      """
      WITH free AS (SELECT r.job_id, r.task_id, j.priority FROM ready r JOIN jobs j ON j.id = r.job_id
        FOR UPDATE OF r SKIP LOCKED)
      UPDATE ready SET rank = -free.priority FROM free
      WHERE ready.job_id = free.job_id AND ready.task_id = free.task_id
      """)
    try execute("UPDATE jobs SET reserved_at = NULL WHERE reserved_at IS NOT NULL")
  }

  /// So many tasks are taken back by one statement, which ends well within its time limit.
  static let withdrawnAtOnce = 10_000

  /// Takes back the last of what is ready and that nobody is claiming just now. (Index ready_order, primary key of
  /// tasks.)
  /// - Returns: whether there may be more.
  fileprivate func withdrawUnclaimed() throws -> Bool {
    try execute(
      """
      WITH free AS (SELECT ctid FROM ready ORDER BY rank DESC, job_id DESC, task_id DESC LIMIT $1
          FOR UPDATE SKIP LOCKED),
        gone AS (DELETE FROM ready WHERE ctid = ANY(ARRAY(SELECT ctid FROM free)) RETURNING task_id),
        blocked AS (UPDATE tasks SET state = 'blocked', not_before = now()
          WHERE id = ANY(ARRAY(SELECT task_id FROM gone)) AND state = 'ready')
      SELECT count(*) AS tasks FROM gone
      """, Self.withdrawnAtOnce
    ).only().get("tasks", as: Int.self) == Self.withdrawnAtOnce
  }

  /// Whether so much is ready from before anybody competed that a tick has not taken it back yet. The leader's ranks
  /// begin at 1000, those by priority lie below. (Index ready_order.)
  func holdsBacklog() throws -> Bool {
    try execute(
      "SELECT count(*) AS tasks FROM (SELECT 1 FROM ready WHERE rank < 1000 ORDER BY rank LIMIT $1) AS before",
      Self.withdrawnAtOnce
    ).only().get("tasks", as: Int.self) == Self.withdrawnAtOnce
  }

  /// As above, when a limit is set: nothing is claimed from then on without a look at it. What is more than one
  /// statement takes back is left to the leader's next ticks.
  func obeyLimits() throws {
    try execute("UPDATE admission SET contended = true WHERE id = 1")
    _ = try withdrawUnclaimed()
  }

  /// Writes a plan down. Jobs are locked in the order of their ids before anything of theirs moves.
  fileprivate func apply(_ plan: Plan, policy: SchedulingPolicy) throws -> AdmissionReport {
    let victims = try jobs(of: plan.preemptions.map(\.task))
    let reserved: [JobID] = try execute("SELECT id FROM jobs WHERE reserved_at IS NOT NULL")
      .map { try $0.get("id") }
    let jobs = try lockJobs(
      Array(Set(plan.grants.map(\.job) + Array(victims.values) + plan.reservations + reserved)))
    var report = AdmissionReport()
    var rank: Int64 = try execute("SELECT next_rank FROM admission WHERE id = 1").only().get("next_rank")
    for grant in plan.grants where jobs[grant.job]?.state.isFinal == false {
      report.admitted += try admit(grant, rank: rank)
      rank += 1
    }
    try execute("UPDATE admission SET next_rank = $1 WHERE id = 1", rank)
    for preemption in plan.preemptions {
      guard let victim = victims[preemption.task], let job = jobs[victim] else { continue }
      report.preempted += try askToYield(
        preemption.task, of: job, for: preemption.beneficiary, seconds: policy.yieldSeconds)
    }
    if !plan.reservations.isEmpty || !reserved.isEmpty {
      try execute(
        """
        UPDATE jobs SET reserved_at = CASE WHEN id = ANY($1::bigint[]) THEN coalesce(reserved_at, now()) END
        WHERE id = ANY($2::bigint[])
        """, plan.reservations, Array(Set(plan.reservations + reserved)))
    }
    return report
  }

  /// Makes the first waiting tasks of a job's kind ready. (Indices tasks_unfinished, primary keys of tasks,
  /// task_details and jobs.)
  private func admit(_ grant: Grant, rank: Int64) throws -> Admitted {
    let made = try execute(
      """
      WITH due AS (
        SELECT t.id FROM tasks_at_turn($1) t
        WHERE t.kind = $2 AND EXISTS (SELECT FROM jobs_that_may_begin() WHERE id = $1)
        ORDER BY t.id LIMIT $3
      ), moved AS (
        UPDATE tasks SET state = 'ready', not_before = NULL WHERE id = ANY(ARRAY(SELECT id FROM due))
        RETURNING tasks.id, tasks.kind
      )
      INSERT INTO ready (task_id, job_id, rank, kind, need_id, payload)
      SELECT moved.id, $1, $4, moved.kind, need_of(moved.kind, j.need_id, j.light_need_id), d.payload
      -- OFFSET: one by one, however few there were when the plan was made.
      FROM moved JOIN jobs j ON j.id = $1 CROSS JOIN LATERAL (
        SELECT payload FROM task_details WHERE job_id = $1 AND task_id = moved.id OFFSET 0) AS d
      RETURNING task_id
      """, grant.job, grant.kind.rawValue, grant.count, rank
    ).map { try $0.get("task_id", as: TaskID.self) }
    let admitted = Admitted(
      count: made.count, lowest: made.min().map { ReadyKey(rank: rank, job: grant.job, task: $0) })
    guard made.count < grant.count else { return admitted }
    return try admitted
      + extend(grant.job, to: .granted(grant.count - made.count, grant.kind), rank: rank)
  }

  private func jobs(of tasks: [TaskID]) throws -> [TaskID: JobID] {
    guard !tasks.isEmpty else { return [:] }
    let rows = try execute("SELECT id, job_id FROM tasks WHERE id = ANY($1::bigint[])", tasks)
    return try Dictionary(uniqueKeysWithValues: rows.map { (try $0.get("id"), try $0.get("job_id")) })
  }

  /// Asks a running task to save its work and give its place back. (Primary keys of tasks and jobs.)
  private func askToYield(
    _ task: TaskID, of job: LockedJob, for beneficiary: JobID, seconds: Double
  ) throws -> Int {
    let asked = try execute(
      """
      UPDATE tasks SET yield_by = now() + make_interval(secs => $2)
      WHERE id = $1 AND state = 'running' AND yield_by IS NULL
      """, task, seconds
    ).affected
    guard asked == 1 else { return 0 }
    try execute("UPDATE jobs SET preemptions = preemptions + 1 WHERE id = $1", job.id)
    try noteEvent(
      "task-preempted", lab: job.lab, job: job.id, task: task,
      message: "asked to give way to a job that is due its place")
    return 1
  }
}
