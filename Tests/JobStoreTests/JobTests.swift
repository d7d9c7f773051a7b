import JobModel
import JobStore
import OrderedJSON
import PostgresClient
import Testing

@Suite("Jobs")
struct JobTests {
  @Test("cancelling ends everything, also what runs; a late completion is refused")
  func cancel() async throws {
    let bench = try await Bench.make()
    let job = try await bench.submit()
    let session = try await bench.session()
    _ = try await bench.plan(try await bench.take(session), shards: 2)
    let shard = try await bench.take(session)
    let record = try await bench.store.cancel(job.id, by: bench.person)
    #expect(record.state == .cancelled && record.tasks.cancelled == 3)
    #expect(record.failure?.message == "cancelled by ada")
    #expect(try await bench.claim(session, limit: 5).isEmpty)
    #expect(try await bench.store.complete(CompleteRequest(lease: shard.lease)).outcome == .stale)
    let beat = try await bench.store.heartbeat(.init(session: session, leases: [.init(shard.lease)]))
    #expect(beat.results.map(\.verdict) == [.cancelRequested])
    #expect(try await bench.store.cancel(job.id, by: bench.person).state == .cancelled)
  }

  @Test("a completion that contradicts its task writes nothing at all")
  func atomicSpawn() async throws {
    let bench = try await Bench.make()
    let job = try await bench.submit()
    let session = try await bench.session()
    _ = try await bench.plan(try await bench.take(session), shards: 1)
    let shard = try await bench.take(session)
    let good = NewTask(kind: .shard, stage: 1, payload: [:])
    let requests = [
      CompleteRequest(lease: shard.lease, spawn: [good, NewTask(kind: .shard, stage: 0, payload: [:])]),
      CompleteRequest(
        lease: shard.lease, spawn: [good],
        artifacts: [.init(path: "/x", sha256: "beef", bytes: 1, epoch: shard.epoch, kind: "x")]),
      CompleteRequest(
        lease: shard.lease, spawn: [good], groups: [Bench.group(run: job.id + 1, ordinal: 0)]),
      CompleteRequest(lease: shard.lease, result: ["nan": .number(.nan)], spawn: [good]),
    ]
    for request in requests {
      await #expect(throws: StoreError.self) { try await bench.store.complete(request) }
      let record = try await bench.job(job.id)
      #expect(record.tasks.total == 3 && record.tasks.running == 1)
    }
    #expect(
      try await bench.store.complete(CompleteRequest(lease: shard.lease, spawn: [good])).outcome == .accepted)
    #expect(try await bench.job(job.id).tasks.total == 4)
  }

  @Test("another lab's job is not found, whatever is asked of it")
  func labsApart() async throws {
    let bench = try await Bench.make()
    let job = try await bench.submit()
    let stranger = try await Bench.caller(bench.store, lab: "welding", user: "eve")
    let notFound = StoreError.notFound("there is no job \(job.id) in this lab")
    await #expect(throws: notFound) { try await bench.store.job(job.id, lab: stranger.lab) }
    await #expect(throws: notFound) { try await bench.store.detail(job.id, lab: stranger.lab) }
    await #expect(throws: notFound) { try await bench.store.logs(job.id, lab: stranger.lab) }
    await #expect(throws: notFound) { try await bench.store.cancel(job.id, by: stranger) }
    await #expect(throws: notFound) { try await bench.store.retry(job.id, by: stranger) }
    #expect(try await bench.store.jobs(lab: stranger.lab).jobs.isEmpty)
    let session = try await bench.session()
    _ = try await bench.take(session)
    #expect(try await bench.store.workers(lab: stranger.lab).workers.first?.tasks == [])
    #expect(try await bench.job(job.id).state == .running)
  }

  @Test("jobs that are submitted together are numbered as they came")
  func order() async throws {
    let bench = try await Bench.make()
    let names = (1...40).map { "job \($0)" }
    // Of many labs, which the statement may look at in any order.
    let labs: [LabID] = try await bench.store.pool.run { session in
      let labs = try session.execute(
        "INSERT INTO labs (name) SELECT 'lab ' || n FROM generate_series(1, 400) AS n RETURNING id"
      ).map { try $0.get("id", as: LabID.self) }
      try session.executeScript("ANALYZE labs")
      return labs.suffix(names.count).reversed()
    }
    // The statement as it stands, with a plan that the server may come to prefer.
    let text = try #require(try StatementSources.all().first { $0.text.contains("INSERT INTO jobs (id") })
      .text
    let values = [
      "", "\(bench.person.user)", "0", "3", "'score'", "'plan'", "NULL", "'{}'", "'/m'",
      "NULL",
      "NULL", "NULL",
    ]
    let types = ["bigint", "bigint", "int", "int"] + Array(repeating: "text", count: 7) + ["jsonb"]
    let lists = zip(values, types).enumerated().map { index, column in
      let list = names.indices.map { place in
        index == 0 ? "\(labs[place])" : index == 6 ? "'\(names[place])'" : column.0
      }.joined(separator: ", ")
      return "ARRAY[\(list)]::\(column.1)[]"
    }
    let found = try await bench.store.pool.run { session in
      try session.executeScript(
        "SET enable_nestloop = off; SET enable_seqscan = on; PREPARE submission AS \(text); EXECUTE submission(\(lists.joined(separator: ", ")))"
      )
      return try session.execute("SELECT name FROM jobs ORDER BY id").map {
        try $0.get("name", as: String.self)
      }
    }
    #expect(found == names)
  }

  @Test("the same idempotency key returns the same job, and refuses another specification")
  func idempotency() async throws {
    let bench = try await Bench.make(connections: 4)
    let request = SubmitRequest(spec: try Bench.spec("eval"), idempotencyKey: "k")
    let ids = try await withThrowingTaskGroup(of: JobID.self) { group in
      for _ in 0..<6 { group.addTask { try await bench.store.submit(request, by: bench.person).id } }
      return try await group.reduce(into: Set()) { $0.insert($1) }
    }
    #expect(ids.count == 1)
    let other = SubmitRequest(spec: try Bench.spec("score"), idempotencyKey: "k")
    await #expect(throws: StoreError.self) { try await bench.store.submit(other, by: bench.person) }
    let stranger = try await Bench.caller(bench.store, lab: "welding", user: "eve")
    #expect(try await !ids.contains(bench.store.submit(request, by: stranger).id))
  }

  @Test(
    "jobs of two labs that are submitted together are each their submitter's, and one that is refused costs no other"
  )
  func submittedTogether() async throws {
    let bench = try await Bench.make(connections: 2)
    let stranger = try await Bench.caller(bench.store, lab: "welding", user: "eve")
    let submissions = try (0..<40).map { index in
      // Every eighth has the unique key of another one of its lab.
      var settings: [JSON.Member] = [
        .init("name", .string("n\(index)")), .init("labels", ["i": .string("\(index)")]),
      ]
      if index % 8 < 2 { settings.append(.init("unique", "one at a time")) }
      let spec = try Bench.spec("eval", priority: index, settings)
      let (caller, request) = (
        index % 2 == 0 ? bench.person : stranger, SubmitRequest(spec: spec, idempotencyKey: "\(index)")
      )
      return Task { try await bench.store.submit(request, by: caller) }
    }
    var (made, refused): (Set<JobID>, [Int]) = ([], [])
    for (index, submission) in submissions.enumerated() {
      do {
        let job = try await submission.value
        let stored = try await bench.store.job(job.id, lab: (index % 2 == 0 ? bench.person : stranger).lab)
        #expect(stored == job && stored.tasks[.ready] == 1)
        #expect(
          stored.spec.name == "n\(index)" && stored.spec.priority == index
            && stored.spec.labels == ["i": "\(index)"])
        made.insert(job.id)
      } catch StoreError.conflict {
        refused.append(index)
      }
    }
    #expect(made.count == 32)
    #expect(refused.count == 8 && refused.allSatisfy { $0 % 8 < 2 })
  }

  @Test(
    "a repeated submission finds its job whatever the order of its labels, and after its priority has changed"
  )
  func repeatedSubmission() async throws {
    let bench = try await Bench.make()
    let text: JSON = [
      "kind": "eval", "model": "/m", "data": "/d", "output": "/o",
      "labels": ["line": "7", "site": "north", "shift": "late", "part": "screw"],
    ]
    func submit() async throws -> JobID {
      // Each time anew: a dictionary's order is its own.
      let request = SubmitRequest(spec: try JobSpec(text), idempotencyKey: "k")
      return try await bench.store.submit(request, by: bench.person).id
    }
    let first = try await submit()
    for _ in 0..<10 { #expect(try await submit() == first) }
    _ = try await bench.store.change(first, ChangeJobRequest(priority: 9), by: bench.person)
    #expect(try await submit() == first)
  }

  @Test(
    "a job that names another lab's to wait for is refused without waiting for whoever has that one locked")
  func strangersDependency() async throws {
    let bench = try await Bench.make()
    let theirs = try await bench.submit().id
    let stranger = try await Bench.caller(bench.store, lab: "another", user: "eve")
    let spec = try Bench.spec("eval", [.init("after", .array([.integer(Int(theirs))]))])
    try await bench.withLocks {
      try $0.execute("SELECT 1 FROM jobs WHERE id = $1 FOR UPDATE", theirs)
    } _: { () async throws in
      await #expect(throws: StoreError.invalid("after: there is no job \(theirs) in this lab")) {
        _ = try await bench.store.submit(SubmitRequest(spec: spec), by: stranger)
      }
    }
  }

  @Test("who asks for another lab's job waits no longer for the answer than for a job that never was")
  func strangersTasks() async throws {
    let bench = try await Bench.make()
    let theirs = try await bench.submit().id
    let lab = try await Bench.caller(bench.store, lab: "another", user: "eve").lab
    try await bench.withLocks {
      try $0.executeScript("LOCK TABLE tasks, task_details, task_ranges IN ACCESS EXCLUSIVE MODE")
    } _: { () async throws in
      let none = StoreError.notFound("there is no job \(theirs) in this lab")
      await #expect(throws: none) { _ = try await bench.store.job(theirs, lab: lab) }
      await #expect(throws: none) { _ = try await bench.store.detail(theirs, lab: lab) }
      await #expect(throws: none) { _ = try await bench.store.explain(theirs, lab: lab) }
      await #expect(throws: none) { _ = try await bench.store.groups(of: theirs, step: 1, lab: lab) }
    }
  }

  @Test("the tasks of a job that has ended are summed up once, and anew when it is tried again")
  func sumsOfEndedJobs() async throws {
    let bench = try await Bench.make()
    let (job, session) = (try await bench.submit(), try await bench.session())
    #expect(try await bench.plan(bench.take(session), shards: 3) == .accepted)
    _ = try await bench.store.cancel(job.id, by: bench.person)
    let ended = try await bench.job(job.id)
    #expect(ended.tasks.succeeded == 1 && ended.tasks.cancelled == 4)
    try await bench.withLocks {
      try $0.executeScript("LOCK TABLE tasks, task_details, task_ranges IN ACCESS EXCLUSIVE MODE")
    } _: { () async throws in
      #expect(try await bench.job(job.id) == ended)
      #expect(try await bench.store.jobs(lab: bench.person.lab).jobs == [ended])
    }
    let again = try await bench.store.retry(job.id, by: bench.person)
    #expect(again.tasks.succeeded == 1 && again.tasks.ready == 3 && again.tasks.cancelled == 0)
    _ = try await bench.store.complete(CompleteRequest(lease: bench.take(session).lease))
    #expect(try await bench.store.cancel(job.id, by: bench.person).tasks.succeeded == 2)
  }

  @Test("jobs are listed newest first, by page and by state")
  func listing() async throws {
    let bench = try await Bench.make()
    var ids: [JobID] = []
    for _ in 0..<4 { ids.append(try await bench.submit().id) }
    _ = try await bench.store.cancel(ids[1], by: bench.person)
    let lab = bench.person.lab
    #expect(try await bench.store.jobs(lab: lab).jobs.map(\.id) == ids.reversed())
    #expect(
      try await bench.store.jobs(lab: lab, limit: 2, before: ids[3]).jobs.map(\.id) == [ids[2], ids[1]])
    let page = try await bench.store.jobs(lab: lab, limit: 3)
    #expect(page.next == ids[1])
    #expect(try await bench.store.jobs(lab: lab, limit: 3, before: page.next).next == nil)
    #expect(try await bench.store.jobs(lab: lab, state: .cancelled).jobs.map(\.id) == [ids[1]])
  }

  @Test("log lines come back in order and none is missed when many write at once")
  func logs() async throws {
    let bench = try await Bench.make(connections: 8)
    let job = try await bench.submit()
    let session = try await bench.session()
    _ = try await bench.plan(try await bench.take(session), shards: 4)
    let shards = try await bench.claim(session, limit: 4)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for shard in shards {
        group.addTask {
          for index in 0..<10 {
            let lines = [LogLine("\(shard.id)/\(index)"), LogLine("e", stream: .error)]
            _ = try await bench.store.appendLogs(AppendLogsRequest(lease: shard.lease, lines: lines))
          }
        }
      }
      try await group.waitForAll()
    }
    var read: [LogRecord] = []
    while true {
      let page = try await bench.store.logs(
        job.id, lab: bench.person.lab, after: read.last?.sequence ?? 0, limit: 7)
      if page.lines.isEmpty { break }
      read += page.lines
    }
    #expect(read.map(\.sequence) == (1...80).map(Int64.init))
    let own = read.filter { $0.task == shards[0].id && $0.stream == .log }.map(\.text)
    #expect(own == (0..<10).map { "\(shards[0].id)/\($0)" })

    let long = String(repeating: "x", count: JobStore.longestLogLine + 1) + "\u{0}"
    _ = try await bench.store.appendLogs(AppendLogsRequest(lease: shards[0].lease, lines: [LogLine(long)]))
    let last = try await bench.store.logs(job.id, lab: bench.person.lab, after: 80)
    #expect(last.lines.first?.text.hasSuffix(" … (cut)") == true)
  }
}
