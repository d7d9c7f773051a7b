import JobModel
import JobStore
import OrderedJSON
import PostgresClient
import Testing

@Suite("Ranges of items")
struct RangeTests {
  /// A scoring job that is planned with a range and a report behind it.
  private func planned(
    _ bench: Bench, items: Int, size: Int = 1, with settings: [JSON.Member] = []
  ) async throws -> JobRecord {
    let job = try await bench.submit("score", with: settings)
    let session = try await bench.session("planner")
    let plan = try await bench.take(session, kinds: [.plan])
    let request = CompleteRequest(
      lease: plan.lease, spawn: [NewTask(kind: .report, stage: 2, payload: [:])],
      range: NewRange(stage: 1, items: 0..<items, size: size, unit: "images"))
    #expect(try await bench.store.complete(request).outcome == .accepted)
    return job
  }

  private func rows(_ bench: Bench) async throws -> Int {
    try await bench.store.pool.run { try $0.execute("SELECT count(*) AS n FROM tasks").only().get("n") }
  }

  @Test("a job of a hundred thousand tasks is there at once, with few rows and all its totals")
  func large() async throws {
    let bench = try await Bench.make()
    let job = try await planned(bench, items: 100_000)
    let record = try await bench.job(job.id)
    #expect(
      record.tasks.total == 100_002 && record.tasks.succeeded == 1 && record.tasks.unfinished == 100_001)
    #expect(record.progress?.total == 100_000 && record.progress?.done == 0)
    #expect(try await rows(bench) < 2_000)
    #expect(try await bench.store.explain(job.id, lab: bench.person.lab).reasons.count == 1)
  }

  @Test("a job behind the tasks of another one is not called next, and begins when those have been taken")
  func behindAnother() async throws {
    let bench = try await Bench.make()
    _ = try await planned(bench, items: 5_000)
    let session = try await bench.session("w")
    let shard = try await bench.take(session, kinds: [.shard])
    _ = try await bench.store.complete(CompleteRequest(lease: shard.lease))
    _ = try await bench.store.tick()
    _ = try await bench.store.pool.run {
      try $0.execute("UPDATE task_lengths SET seconds = 60 * finished").affected
    }
    let job = try await bench.submit("eval")
    let why = try await bench.store.explain(job.id, lab: bench.person.lab)
    #expect(why.reasons == ["1 job goes before it, and every worker that takes such tasks is busy"])
    #expect(why.position == 2)
    // 4,999 others of a minute each, on two workers of eight slots.
    let wait = try #require(why.startsAt) - job.createdAt
    #expect(abs(wait - 60 * 5_000 / 16) < 60)
    // It does not wait for tasks that some worker leaves alone.
    _ = try await bench.store.register(
      RegisterRequest(name: "planner", host: "h", process: 1, version: "1", kinds: [.plan], slots: 1),
      token: bench.workerToken)
    let next = try await bench.store.explain(job.id, lab: bench.person.lab)
    #expect(next.position == 1 && next.reasons == ["it is next: a worker with a free slot will take it"])
  }

  @Test("every item is in one task, in order, and the report follows the last of them")
  func everyItem() async throws {
    let bench = try await Bench.make(connections: 8)
    let job = try await planned(bench, items: 5_003, size: 2)
    let items = try await withThrowingTaskGroup(of: [Int].self) { group in
      for index in 0..<4 {
        group.addTask {
          let session = try await bench.session("w\(index)", slots: 50)
          var mine: [Int] = []
          while true {
            let tasks = try await bench.claim(session, kinds: [.shard], limit: 20 + index * 9)
            if tasks.isEmpty { return mine }
            for task in tasks { mine += ItemRange(task.payload)?.items ?? -1..<0 }
            let results = try await bench.store.complete(tasks.map { CompleteRequest(lease: $0.lease) })
            #expect(results.allSatisfy { $0.outcome == .accepted })
          }
        }
      }
      return try await group.reduce(into: [Int]()) { $0 += $1 }
    }
    #expect(items.count == 5_003 && Set(items) == Set(0..<5_003))
    let session = try await bench.session()
    let report = try await bench.take(session)
    #expect(report.kind == .report)
    _ = try await bench.store.complete(CompleteRequest(lease: report.lease))
    let record = try await bench.job(job.id)
    #expect(record.state == .succeeded && record.tasks.succeeded == 2_504 && record.tasks.total == 2_504)
    let detail = try await bench.store.detail(job.id, lab: bench.person.lab)
    let indices = detail.tasks.filter { $0.kind == .shard }.count
    #expect(indices == 2_502)
  }

  @Test("no more tasks are made than the job allows at once")
  func atOnce() async throws {
    let bench = try await Bench.make()
    let job = try await planned(bench, items: 40, with: [.init("at_once", 3)])
    let session = try await bench.session()
    var done = 0
    while done < 40 {
      let tasks = try await bench.claim(session, kinds: [.shard], limit: 10)
      #expect(tasks.count == min(3, 40 - done))
      let why = try await bench.store.explain(job.id, lab: bench.person.lab).reasons
      if done < 30 { #expect(why.contains { $0.contains("at_once") }) }
      _ = try await bench.store.complete(tasks.map { CompleteRequest(lease: $0.lease) })
      done += tasks.count
      if tasks.isEmpty { break }
    }
    #expect(done == 40)
    #expect(try await bench.take(session).kind == .report)
  }

  @Test("a cancelled job's items count as cancelled, and a retry goes on with them")
  func cancelAndRetry() async throws {
    let bench = try await Bench.make()
    let job = try await planned(bench, items: 3_000)
    let session = try await bench.session()
    let tasks = try await bench.claim(session, kinds: [.shard], limit: 10)
    _ = try await bench.store.complete(tasks.prefix(4).map { CompleteRequest(lease: $0.lease) })
    let cancelled = try await bench.store.cancel(job.id, by: bench.person)
    #expect(cancelled.tasks.cancelled == 2_997 && cancelled.tasks.succeeded == 5)
    #expect(try await bench.claim(session, limit: 10).isEmpty)
    let retried = try await bench.store.retry(job.id, by: bench.person)
    #expect(retried.tasks.cancelled == 0 && retried.tasks.unfinished == 2_997)
    var items = Set(0..<4)
    while true {
      let more = try await bench.claim(session, kinds: [.shard], limit: 500)
      if more.isEmpty { break }
      for task in more { items.formUnion(ItemRange(task.payload)?.items ?? -1..<0) }
      _ = try await bench.store.complete(more.map { CompleteRequest(lease: $0.lease) })
    }
    #expect(items == Set(0..<3_000))
  }

  @Test(
    "a paused job makes no more tasks until it goes on, and an urgent job goes before what is still to be made"
  )
  func pausedAndOvertaken() async throws {
    let bench = try await Bench.make()
    let job = try await planned(bench, items: 3_000)
    let session = try await bench.session()
    _ = try await bench.claim(session, kinds: [.shard], limit: 900)
    _ = try await bench.store.change(job.id, ChangeJobRequest(paused: true), by: bench.person)
    #expect(try await bench.claim(session, kinds: [.shard], limit: 10).isEmpty)
    _ = try await bench.store.change(job.id, ChangeJobRequest(paused: false), by: bench.person)
    let urgent = try await bench.submit(priority: 3)
    #expect(try await bench.take(session).job == urgent.id)
    #expect(try await bench.take(session).job == job.id)
  }

  @Test("a task of a range that keeps failing is split down to the item, and everything else completes")
  func bisection() async throws {
    let bench = try await Bench.make()
    let job = try await planned(bench, items: 64, size: 8)
    let session = try await bench.session()
    while let task = try await bench.claim(session, kinds: [.shard]).first {
      let items = ItemRange(task.payload)?.items ?? 0..<0
      if items.contains(37) {
        _ = try await bench.store.fail(
          FailRequest(lease: task.lease, failure: TaskFailure(.poisonInput, "item 37 breaks it")))
      } else {
        _ = try await bench.store.complete(CompleteRequest(lease: task.lease))
      }
    }
    let report = try await bench.take(session)
    let detail = try await bench.store.detail(job.id, lab: bench.person.lab)
    #expect(detail.tasks.flatMap { QuarantinedItem.all(in: $0.result).map(\.item) } == [37])
    #expect(report.kind == .report && detail.job.tasks.succeeded == 12)
  }

  @Test("while labs compete the leader grants tasks of ranges as he does others, to the last item")
  func contended() async throws {
    let bench = try await Bench.make()
    let job = try await planned(bench, items: 1_300)
    let rival = try await Bench.caller(bench.store, lab: "welding", user: "eve")
    let other = try await bench.store.submit(SubmitRequest(spec: try Bench.spec("score")), by: rival)
    let session = try await bench.session(slots: 200)
    var (items, others, idle) = (Set<Int>(), 0, 0)
    while idle < 3 {
      _ = try await bench.store.tick()
      let tasks = try await bench.claim(session, kinds: [.plan, .shard], limit: 200)
      idle = tasks.isEmpty ? idle + 1 : 0
      for task in tasks where task.job == job.id { items.formUnion(ItemRange(task.payload)?.items ?? -1..<0) }
      others += tasks.filter { $0.job == other.id }.count
      _ = try await bench.store.complete(tasks.map { CompleteRequest(lease: $0.lease) })
    }
    #expect(items == Set(0..<1_300) && others == 1)
    #expect(try await bench.store.job(other.id, lab: rival.lab).state == .succeeded)
  }

  @Test("a contradictory or a second range is refused, and nothing of the completion is written")
  func refused() async throws {
    let bench = try await Bench.make()
    let job = try await bench.submit("score")
    let session = try await bench.session()
    let plan = try await bench.take(session)
    for range in [
      NewRange(stage: 1, items: 5..<5, size: 1), NewRange(stage: 1, items: 0..<5, size: 0),
      NewRange(stage: 1, items: 0..<Int(Int32.max), size: 1),
      NewRange(kind: .learn, stage: 1, items: 0..<5, size: 1),
    ] {
      await #expect(throws: StoreError.self) {
        try await bench.store.complete(CompleteRequest(lease: plan.lease, range: range))
      }
    }
    #expect(try await bench.job(job.id).tasks.running == 1)
    let good = NewRange(stage: 1, items: 0..<5, size: 5)
    #expect(
      try await bench.store.complete(CompleteRequest(lease: plan.lease, range: good)).outcome == .accepted)
    let shard = try await bench.take(session)
    #expect(shard.payload == ["index": 0, "from": 0, "to": 5])
  }
}
