import JobModel
import JobStore
import OrderedJSON
import PostgresClient
import Testing

@Suite("Fair admission in the database")
struct FairAdmissionTests {
  private func planned(_ bench: Bench, _ caller: Caller, shards: Int, _ session: SessionID) async throws
    -> JobID
  {
    let job = try await bench.store.submit(SubmitRequest(spec: try Bench.spec("eval")), by: caller)
    var tasks: [ClaimedTask] = []
    while tasks.isEmpty {
      _ = try await bench.store.tick()
      tasks = try await bench.claim(session, kinds: [.plan])
    }
    let spawn = (0..<shards).map { NewTask(kind: .shard, stage: 1, payload: ["shard": .integer($0)]) }
    _ = try await bench.store.complete(CompleteRequest(lease: tasks[0].lease, spawn: spawn))
    return job.id
  }

  private func running(_ bench: Bench) async throws -> [LabID: Int] {
    try await bench.store.pool.run { session in
      let rows = try session.execute(
        """
        SELECT j.lab_id, count(*) AS tasks FROM tasks t JOIN jobs j ON j.id = t.job_id
        WHERE t.state = 'running' GROUP BY j.lab_id
        """)
      return try Dictionary(uniqueKeysWithValues: rows.map { (try $0.get("lab_id"), try $0.get("tasks")) })
    }
  }

  private func administrator(_ bench: Bench) async throws -> Caller {
    try await Bench.caller(bench.store, lab: "operators", user: "root", role: .admin)
  }

  @Test("labs that compete get their parts by weight, and neither waits for the other's backlog")
  func sharing() async throws {
    let bench = try await Bench.make()
    let other = try await Bench.caller(bench.store, lab: "welding", user: "eve")
    let admin = try await administrator(bench)
    _ = try await bench.store.setQuota(LabQuota(lab: "welding", device: .cpu, weight: 3), by: admin)
    let planner = try await bench.session("planner", slots: 1)
    _ = try await planned(bench, bench.person, shards: 40, planner)
    _ = try await planned(bench, other, shards: 40, planner)
    try await bench.store.endSession(EndSessionRequest(session: planner))
    let session = try await bench.session(slots: 8)
    _ = try await bench.store.tick()
    let claimed = try await bench.claim(session, limit: 8)
    #expect(claimed.count == 8)
    let parts = try await running(bench)
    #expect(parts[other.lab] == 6 && parts[bench.person.lab] == 2, "\(parts)")
    // What is complete makes room for the same lab.
    for task in claimed { _ = try await bench.store.complete(CompleteRequest(lease: task.lease)) }
    _ = try await bench.store.admitIfContended()
    #expect(try await bench.claim(session, limit: 8).count == 8)
  }

  @Test("a quota is never exceeded, and why names it; a budget that is used up holds everything back")
  func quotas() async throws {
    let bench = try await Bench.make()
    let admin = try await administrator(bench)
    let set = try await bench.store.setQuota(
      LabQuota(lab: "vision", device: .cpu, quota: Quota(nominal: 2, borrow: 1)), by: admin)
    #expect(set.nominal == 2 && set.borrow == 1 && set.lend == nil && set.usedHours == 0)
    let session = try await bench.session(slots: 8)
    let job = try await planned(bench, bench.person, shards: 20, session)
    var most = 0
    for _ in 0..<6 {
      _ = try await bench.store.tick()
      _ = try await bench.claim(session, limit: 8)
      let now = try await running(bench)[bench.person.lab] ?? 0
      most = max(most, now)
    }
    #expect(most == 3)
    let why = try await bench.store.explain(job, lab: bench.person.lab)
    #expect(why.reasons.first == "the lab holds 3 of the 3 CPU slots its quota allows", "\(why)")
    _ = try await bench.store.setQuota(
      LabQuota(lab: "vision", device: .cpu, quota: Quota(budgetHours: 0)), by: admin)
    _ = try await bench.store.tick()
    #expect(try await bench.claim(session, limit: 8).isEmpty)
    #expect(try await bench.store.quotas(for: bench.person).quotas.map(\.lab) == ["vision"])
    await #expect(throws: StoreError.self) {
      try await bench.store.setQuota(LabQuota(lab: "nobody", device: .cpu), by: admin)
    }
    // Without limits the rest flows again.
    _ = try await bench.store.setQuota(LabQuota(lab: "vision", device: .cpu), by: admin)
    _ = try await bench.store.tick()
    #expect(try await bench.claim(session, limit: 5).count == 5)
  }

  @Test("a lab takes its own back: the borrower is asked to save, gives way, and loses no attempt")
  func reclaim() async throws {
    let bench = try await Bench.make()
    let admin = try await administrator(bench)
    let owner = try await Bench.caller(bench.store, lab: "welding", user: "eve")
    let session = try await bench.session(slots: 4)
    let borrowed = try await planned(bench, bench.person, shards: 8, session)
    _ = try await bench.store.tick()
    let tasks = try await bench.claim(session, limit: 4)
    #expect(tasks.count == 4)
    _ = try await bench.store.pool.run { connection in
      try connection.execute(
        "UPDATE tasks SET claimed_at = now() - interval '1 hour' WHERE state = 'running'"
      ).affected
    }
    _ = try await bench.store.setQuota(
      LabQuota(lab: "welding", device: .cpu, quota: Quota(nominal: 2)), by: admin)
    let job = try await bench.store.submit(SubmitRequest(spec: try Bench.spec("eval")), by: owner)
    _ = try await bench.store.pool.run { connection in
      try connection.execute(
        "UPDATE jobs SET created_at = now() - interval '1 minute' WHERE id = $1", job.id
      ).affected
    }
    // As long as tasks have just ended so quickly, the next place is expected to come by itself.
    var preempted = 0
    for _ in 0..<12 where preempted == 0 { preempted = try await bench.store.tick().tasksPreempted }
    #expect(preempted == 1)
    #expect(try await bench.store.tick().tasksPreempted == 0)
    let beat = try await bench.store.heartbeat(
      HeartbeatRequest(session: session, leases: tasks.map { .init($0.lease) }))
    let asked = zip(tasks, beat.results).filter { $1.verdict == .yieldRequested }.map(\.0)
    #expect(asked.count == 1)
    #expect(try await bench.store.release(.init(leases: asked.map(\.lease), reason: "gave way")) == 1)
    _ = try await bench.store.tick()
    #expect(try await bench.claim(session, limit: 1).map(\.job) == [job.id])
    let detail = try await bench.store.detail(borrowed, lab: bench.person.lab)
    let victim = try #require(detail.tasks.first { $0.id == asked[0].id })
    #expect(victim.attempt == 0 && victim.interruptions == 0)
  }

  @Test("a task that does not give way in time is taken back, and its worker can write nothing more")
  func overdue() async throws {
    let bench = try await Bench.make()
    _ = try await bench.submit()
    let session = try await bench.session()
    let task = try await bench.take(session)
    _ = try await bench.store.pool.run { connection in
      try connection.execute(
        "UPDATE tasks SET yield_by = now() - interval '1 second' WHERE id = $1", task.id
      ).affected
    }
    _ = try await bench.store.tick()
    #expect(try await bench.store.complete(CompleteRequest(lease: task.lease)).outcome == .stale)
    let again = try await bench.take(session)
    #expect(again.id == task.id && again.attempt == 1)
    #expect(try await bench.store.complete(CompleteRequest(lease: again.lease)).outcome == .accepted)
  }

  @Test("the books equal the sum of all attempts, whatever way they ended")
  func ledger() async throws {
    let bench = try await Bench.make()
    let session = try await bench.session()
    let job = try await planned(bench, bench.person, shards: 4, session)
    let tasks = try await bench.claim(session, limit: 4)
    _ = try await bench.store.pool.run { connection in
      try connection.execute(
        "UPDATE tasks SET claimed_at = now() - interval '100 seconds' WHERE state = 'running'"
      ).affected
    }
    _ = try await bench.store.complete(CompleteRequest(lease: tasks[0].lease))
    _ = try await bench.store.fail(FailRequest(lease: tasks[1].lease, failure: .init(.transient, "disk")))
    _ = try await bench.store.release(.init(leases: [tasks[2].lease], reason: "drain"))
    _ = try await bench.store.cancel(job, by: bench.person)
    _ = try await bench.store.tick()
    _ = try await bench.store.tick()
    let (seconds, attempts, left) = try await bench.store.pool.run { connection -> (Double, Int, Int) in
      let row = try connection.execute(
        """
        SELECT sum(unit_seconds)::float8 AS seconds, sum(attempts)::bigint AS attempts,
          (SELECT count(*) FROM charges) AS left FROM usage_ledger
        """
      ).only()
      return (try row.get("seconds"), try row.get("attempts"), try row.get("left"))
    }
    // The plan and the four shards.
    #expect(attempts == 5 && left == 0)
    #expect(seconds >= 400 && seconds < 430, "\(seconds)")
  }

  @Test("two trainings on a pool with three slots: one runs with its rollouts, the other waits and says why")
  func trainings() async throws {
    let bench = try await Bench.make()
    let first = try await bench.submit("train")
    let second = try await bench.submit("train")
    _ = try await bench.store.tick()
    let session = try await bench.session(slots: 3)
    _ = try await bench.store.tick()
    let learners = try await bench.claim(session, limit: 3)
    #expect(learners.map(\.job) == [first.id])
    let why = try await bench.store.explain(second.id, lab: bench.person.lab)
    #expect(why.position == 1 && why.reasons[0].contains("busy"), "\(why)")
    let opened = try await bench.store.openRollouts(
      OpenRolloutsRequest(
        lease: learners[0].lease, version: 0, rollouts: (0..<3).map { .init(ordinal: $0, payload: [:]) }))
    #expect(opened.opened == 3)
    _ = try await bench.store.admitIfContended()
    let rollouts = try await bench.claim(session, limit: 3)
    #expect(!rollouts.isEmpty && rollouts.allSatisfy { $0.kind == .rolloutGroup && $0.job == first.id })
  }

  @Test("when nobody competes any more, tasks are ready as soon as they are there")
  func backToDirect() async throws {
    let bench = try await Bench.make()
    let other = try await Bench.caller(bench.store, lab: "welding", user: "eve")
    let session = try await bench.session()
    _ = try await bench.submit()
    _ = try await bench.store.submit(SubmitRequest(spec: try Bench.spec("eval")), by: other)
    _ = try await bench.store.tick()
    for task in try await bench.claim(session, limit: 5) {
      _ = try await bench.store.complete(CompleteRequest(lease: task.lease))
    }
    _ = try await bench.store.tick()
    let job = try await bench.submit()
    #expect(try await bench.claim(session).map(\.job) == [job.id])
  }

  /// A job of another lab, so that the leader decides who is next.
  private func rival(_ bench: Bench) async throws -> JobID {
    let other = try await Bench.caller(bench.store, lab: "welding", user: "eve")
    let job = try await bench.store.submit(SubmitRequest(spec: try Bench.spec("eval")), by: other)
    for _ in 0..<2 { _ = try await bench.store.tick() }
    return job.id
  }

  @Test(
    "a hundred jobs that cannot begin hold up none that can",
    arguments: [
      [.init("at", "2090-01-01 00:00")], [.init("resources", ["labels": ["site": "north"]])],
      [.init("at_once", 1)],
    ] as [[JSON.Member]])
  func idleHundred(setting: [JSON.Member]) async throws {
    let bench = try await Bench.make()
    for _ in 0..<101 { _ = try await bench.submit("eval", priority: 50, with: setting) }
    if setting[0].key == "at_once" {
      // Each has all running that it allows, and more that waits.
      let busy = try await bench.session("busy", slots: 200)
      for plan in try await bench.claim(busy, limit: 200) { _ = try await bench.plan(plan, shards: 2) }
      #expect(try await bench.claim(busy, limit: 200).count == 101)
    }
    let other = try await rival(bench)
    let job = try await bench.submit("eval")
    let worker = try await bench.session(slots: 8)
    for _ in 0..<2 { _ = try await bench.store.tick() }
    #expect(Set(try await bench.claim(worker, kinds: [.plan], limit: 8).map(\.job)) == [job.id, other])
  }

  @Test("a queue that has been idle for long books on")
  func idleTurnover() async throws {
    let bench = try await Bench.make()
    // What is left of a turnover after a quarter of an hour of halving.
    _ = try await bench.store.pool.run { try $0.execute("UPDATE admission SET turnover = 5e-324").affected }
    for _ in 0..<2 { _ = try await bench.store.tick() }
    #expect(
      try await bench.store.pool.run {
        try $0.execute("SELECT turnover FROM admission").only().get("turnover", as: Double.self)
      } == 0)
  }

  @Test("a job behind a hundred like it says so, and goes before them when it has waited long enough")
  func agedBehindHundred() async throws {
    let bench = try await Bench.make()
    for _ in 0..<100 { _ = try await bench.submit("eval") }
    let low = try await bench.submit("eval", priority: -40)
    let other = try await rival(bench)
    let session = try await bench.session(slots: 2)
    _ = try await bench.store.tick()
    #expect(try await !bench.claim(session, limit: 2).map(\.job).contains(low.id))
    // One of the hundred runs.
    _ = try await bench.submit("eval")
    let why = try await bench.store.explain(low.id, lab: bench.person.lab)
    #expect(why.reasons == ["100 jobs of the same user that ask for the same go before it"])
    try await bench.store.endSession(EndSessionRequest(session: session))
    _ = try await bench.store.pool.run { connection in
      try connection.execute(
        "UPDATE jobs SET created_at = now() - interval '30 hours' WHERE id = $1", low.id
      ).affected
    }
    let next = try await bench.session(slots: 2)
    for _ in 0..<3 { _ = try await bench.store.tick() }
    let claimed = try await bench.claim(next, limit: 2).map(\.job)
    #expect(claimed.contains(low.id), "\(claimed), beside \(other)")
  }

  @Test("a job with a moment waits from then on: what was scheduled long before goes up no band for it")
  func agesFromItsMoment() async throws {
    let bench = try await Bench.make()
    let scheduled = try await bench.submit("eval", with: [.init("cron", "* * * * *")])
    _ = try await rival(bench)
    let urgent = try await bench.submit("eval", priority: 10)
    _ = try await bench.store.pool.run { connection in
      try connection.execute(
        """
        WITH due AS (UPDATE tasks SET not_before = not_before - interval '1 minute' WHERE job_id = $1)
        UPDATE jobs SET created_at = created_at - interval '30 hours', begins_at = begins_at - interval '1 minute'
        WHERE id = $1
        """, scheduled.id
      ).affected
    }
    let session = try await bench.session(slots: 2)
    for _ in 0..<2 { _ = try await bench.store.tick() }
    let claimed = try await bench.claim(session, limit: 2).map(\.job)
    #expect(claimed.contains(urgent.id) && !claimed.contains(scheduled.id))
  }

  /// More tasks of a job than a test could wait for.
  private func makeReady(_ count: Int, of job: JobID, _ bench: Bench) async throws {
    _ = try await bench.store.pool.run { connection in
      try connection.execute(
        """
        WITH made AS (INSERT INTO tasks (job_id, kind, stage, state)
            SELECT $1, 'shard', 1, 'ready' FROM generate_series(1, $2) RETURNING id),
          details AS (INSERT INTO task_details (job_id, task_id, payload) SELECT $1, id, '{}' FROM made)
        INSERT INTO ready (task_id, job_id, rank, kind, payload) SELECT id, $1, 0, 'shard', '{}' FROM made
        """, job, count
      ).affected
    }
  }

  @Test("what is ready is taken back in parts when labs begin to compete, and nothing is decided before")
  func largeBacklog() async throws {
    let bench = try await Bench.make()
    let session = try await bench.session(slots: 4)
    let job = try await planned(bench, bench.person, shards: 1, session)
    try await makeReady(25_000, of: job, bench)
    func ready() async throws -> Int {
      try await bench.store.pool.run { session in
        try session.execute("SELECT count(*) AS tasks FROM ready").only().get("tasks")
      }
    }
    _ = try await bench.store.setQuota(
      LabQuota(lab: "vision", device: .cpu, quota: Quota(maxRunning: 3)), by: try await administrator(bench))
    #expect(try await ready() == 15_001)
    #expect(try await bench.store.admitIfContended() == 0)
    let other = try await Bench.caller(bench.store, lab: "welding", user: "eve")
    let small = try await bench.store.submit(SubmitRequest(spec: try Bench.spec("eval")), by: other)
    let why = try await bench.store.explain(small.id, lab: other.lab)
    #expect(why.reasons.first?.hasPrefix("labs have begun to compete") == true, "\(why)")
    while try await ready() > 4 { _ = try await bench.store.tick() }
    let claimed = try await bench.claim(session, limit: 4)
    #expect(claimed.map(\.job).filter { $0 == job }.count == 3 && claimed.contains { $0.job == small.id })
  }

  @Test("what is ready of a job is taken back when it is paused, however much it is")
  func largePause() async throws {
    let bench = try await Bench.make()
    let session = try await bench.session(slots: 4)
    let job = try await planned(bench, bench.person, shards: 1, session)
    try await makeReady(20_001, of: job, bench)
    let paused = try await bench.store.change(job, ChangeJobRequest(paused: true), by: bench.person)
    #expect(paused.tasks.ready == 0 && paused.tasks.blocked == 20_002)
    #expect(try await bench.claim(session, limit: 4).isEmpty)
    _ = try await bench.store.change(job, ChangeJobRequest(paused: false), by: bench.person)
    #expect(try await bench.claim(session, limit: 4).count == 4)
  }

  @Test("a step of the leader's tick that fails is named, and the others are taken")
  func failingStep() async throws {
    let bench = try await Bench.make()
    let job = try await bench.submit("eval", with: [.init("at", "2090-01-01 00:00")])
    _ = try await bench.store.pool.run { connection in
      try connection.execute(
        """
        WITH job AS (UPDATE jobs SET begins_at = now() - interval '1 second' WHERE id = $1 RETURNING id, begins_at)
        UPDATE tasks SET not_before = job.begins_at FROM job WHERE job_id = job.id
        """, job.id
      ).affected
    }
    try await bench.store.pool.run { session in
      try session.executeScript("ALTER TABLE charges RENAME TO charges_away")
    }
    await #expect {
      try await bench.store.tick()
    } throws: { ($0 as? TickFailure)?.steps.map(\.name) == ["booking what was used"] }
    try await bench.store.pool.run { session in
      try session.executeScript("ALTER TABLE charges_away RENAME TO charges")
    }
    #expect(try await bench.claim(try await bench.session()).map(\.job) == [job.id])
  }
}
