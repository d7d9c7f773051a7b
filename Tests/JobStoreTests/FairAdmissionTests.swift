import JobModel
import JobStore
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
}
