import JobModel
import JobStore
import PostgresClient
import Testing

@Suite("Completions")
struct CompletionTests {
  @Test("tasks that end together end in one transaction, and each has its own outcome")
  func together() async throws {
    let bench = try await Bench.make()
    let job = try await bench.submit()
    let session = try await bench.session()
    _ = try await bench.plan(try await bench.take(session), shards: 40)
    let shards = try await bench.claim(session, limit: 40)
    var requests = shards.map {
      CompleteRequest(lease: $0.lease, result: ["shard": $0.payload["shard"] ?? .null])
    }
    requests[3].lease.epoch += 1
    requests[7].artifacts = [
      Artifact(path: "/o/x", sha256: "no hash", bytes: 1, epoch: 1, kind: "shard-results")
    ]
    requests[9].groups = [Bench.group(run: job.id + 1, ordinal: 0)]
    requests[11].progress = TaskProgress(done: 256, total: 256, unit: "images")
    // What contradicts only the records sends the batch to completions of one each.
    let mixed = try await bench.store.complete(requests)
    #expect(mixed[3].outcome == .stale && mixed[7].outcome == .refused && mixed[9].outcome == .refused)
    #expect(mixed[7].message?.contains("64 lower-case hexadecimal digits") == true)
    #expect(mixed[9].message?.contains("run \(job.id + 1)") == true)
    #expect(mixed.filter { $0.outcome == .accepted }.count == 37)
    #expect(mixed.map(\.task) == shards.map(\.id))

    // The same again, as after a lost answer, with the three put right.
    for index in [3, 7, 9] { requests[index] = CompleteRequest(lease: shards[index].lease) }
    #expect(try await bench.store.complete(requests).allSatisfy { $0.outcome == .accepted })
    let detail = try await bench.store.detail(job.id, lab: bench.person.lab)
    let done = detail.tasks.filter { $0.kind == .shard }
    #expect(done.allSatisfy { $0.state == .succeeded })
    #expect(done[20].result == ["shard": 20] && done[3].result == [:] && done[11].progress?.done == 256)
    #expect(try await bench.take(session).kind == .report)
  }

  @Test("a batch of claims and a batch of completions are one commit each")
  func commits() async throws {
    let bench = try await Bench.make()
    _ = try await bench.submit()
    let session = try await bench.session()
    _ = try await bench.plan(try await bench.take(session), shards: 50)
    let shards = try await bench.claim(session, limit: 50)
    func transactions() async throws -> Int {
      try await bench.store.pool.run { connection in
        try connection.execute("SELECT count(DISTINCT xmin::text) AS n FROM tasks WHERE kind = 'shard'")
          .only()
          .get("n")
      }
    }
    #expect(try await transactions() == 1)
    let results = try await bench.store.complete(shards.map { CompleteRequest(lease: $0.lease) })
    #expect(results.count == 50 && results.allSatisfy { $0.outcome == .accepted })
    #expect(try await transactions() == 1)
  }

  @Test(
    "a worker that ends tasks and asks for the next ones gets both with one commit, and what follows the last",
    arguments: [false, true], [10, 1])
  func turns(leavingResults: Bool, at once: Int) async throws {
    let bench = try await Bench.make()
    let job = try await bench.submit()
    let session = try await bench.session(slots: 10)
    _ = try await bench.plan(try await bench.take(session), shards: 30)
    let ask = ClaimRequest(session: session, kinds: TaskKind.allCases, limit: once)
    var tasks = try await bench.claim(session, limit: once)
    var seen: Set<TaskID> = []
    while tasks.first?.kind == .shard {
      seen.formUnion(tasks.map(\.id))
      let (results, next) = try await bench.store.complete(
        tasks.map {
          CompleteRequest(
            lease: $0.lease, result: leavingResults ? ["shard": $0.payload["shard"] ?? .null] : [:])
        },
        next: ask, token: bench.workerToken)
      #expect(results.allSatisfy { $0.outcome == .accepted } && next.sessionAlive)
      if next.tasks.first?.kind == .shard {
        let transactions: Int = try await bench.store.pool.run {
          [ended = tasks, begun = next.tasks] connection in
          try connection.execute(
            "SELECT count(DISTINCT xmin::text) AS n FROM tasks WHERE id = ANY($1)",
            ended.map(\.id) + begun.map(\.id)
          )
          .only().get("n")
        }
        #expect(transactions == 1)
      }
      tasks = next.tasks
    }
    // The last ones of the stage brought the report, which waited for them.
    #expect(seen.count == 30 && tasks.map(\.kind) == [.report])
    let (results, none) = try await bench.store.complete(
      [CompleteRequest(lease: tasks[0].lease)], next: ask, token: bench.workerToken)
    #expect(results[0].outcome == .accepted && none.tasks.isEmpty && none.sessionAlive)
    #expect(try await bench.job(job.id).state == .succeeded)
    if leavingResults {
      let detail = try await bench.store.detail(job.id, lab: bench.person.lab)
      #expect(detail.tasks.filter { $0.kind == .shard }.allSatisfy { $0.result?["shard"] != nil })
    }
  }

  @Test("where one of many completions is at fault, the others end and no more is leased than was asked for")
  func faultyTurn() async throws {
    let bench = try await Bench.make()
    let job = try await bench.submit()
    let session = try await bench.session(slots: 8)
    _ = try await bench.plan(try await bench.take(session), shards: 20)
    let tasks = try await bench.claim(session, limit: 4)
    var requests = tasks.map { CompleteRequest(lease: $0.lease) }
    requests[0].lease.epoch += 1
    requests[1].groups = [Bench.group(run: job.id + 1, ordinal: 0)]
    let (results, next) = try await bench.store.complete(
      requests, next: ClaimRequest(session: session, kinds: [.shard], limit: 3), token: bench.workerToken)
    #expect(results.map(\.outcome) == [.stale, .refused, .accepted, .accepted])
    #expect(next.tasks.count == 3 && Set(next.tasks.map(\.id)).isDisjoint(with: tasks.map(\.id)))
    let running: Int = try await bench.store.pool.run { connection in
      try connection.execute("SELECT count(*) AS n FROM tasks WHERE state = 'running'").only().get("n")
    }
    #expect(running == 5)
  }

  @Test("the ends of tasks count though the session that asks for more is over")
  func turnOfADeadSession() async throws {
    let bench = try await Bench.make()
    _ = try await bench.submit()
    let (session, other) = (try await bench.session(), try await bench.session())
    _ = try await bench.plan(try await bench.take(session), shards: 3)
    let task = try await bench.take(session)
    try await bench.store.endSession(EndSessionRequest(session: other))
    let (results, next) = try await bench.store.complete(
      [CompleteRequest(lease: task.lease)],
      next: ClaimRequest(session: other, kinds: TaskKind.allCases, limit: 1), token: bench.workerToken)
    #expect(results[0].outcome == .accepted)
    #expect(next.tasks.isEmpty && !next.sessionAlive)
  }

  @Test("workers that take turns at once do every task once")
  func manyTurns() async throws {
    let bench = try await Bench.make(connections: 8)
    let job = try await bench.submit()
    let planner = try await bench.session()
    _ = try await bench.plan(try await bench.take(planner), shards: 400)
    let done = try await withThrowingTaskGroup(of: [TaskID].self) { group in
      for index in 0..<12 {
        group.addTask {
          let session = try await bench.session(slots: 40)
          let ask = ClaimRequest(session: session, kinds: [.shard], limit: 1 + index * 3)
          var tasks = try await bench.store.claim(ask, token: bench.workerToken).tasks
          var done: [TaskID] = []
          while !tasks.isEmpty {
            let (results, next) = try await bench.store.complete(
              tasks.map { CompleteRequest(lease: $0.lease) }, next: ask, token: bench.workerToken)
            #expect(results.allSatisfy { $0.outcome == .accepted })
            done += tasks.map(\.id)
            tasks = next.tasks
          }
          return done
        }
      }
      return try await group.reduce(into: []) { $0 += $1 }
    }
    #expect(done.count == 400 && Set(done).count == 400)
    let report = try await bench.take(planner)
    #expect(report.kind == .report)
    _ = try await bench.store.complete(CompleteRequest(lease: report.lease))
    #expect(try await bench.job(job.id).state == .succeeded)
  }

  @Test("a learner's end and a plan's tasks commit in the same call as tasks that only leave results")
  func mixedKinds() async throws {
    let bench = try await Bench.make()
    let training = try await bench.submit("train")
    let scoring = try await bench.submit("score")
    let session = try await bench.session()
    let tasks = try await bench.claim(session, limit: 2)
    let requests = tasks.map { task in
      CompleteRequest(
        lease: task.lease, spawn: task.kind == .plan ? [NewTask(kind: .report, stage: 2, payload: [:])] : [])
    }
    #expect(try await bench.store.complete(requests).map(\.outcome) == [.accepted, .accepted])
    #expect(try await bench.job(training.id).state == .succeeded)
    let report = try await bench.take(session)
    #expect(report.job == scoring.id && report.kind == .report)
    // A single task's job is over with the batch that holds it.
    _ = try await bench.store.complete([CompleteRequest(lease: report.lease)])
    #expect(try await bench.job(scoring.id).state == .succeeded)
  }

  @Test("batches that end a stage at the same time admit the next one once")
  func lastBatches() async throws {
    let bench = try await Bench.make(connections: 8)
    let job = try await bench.submit()
    let session = try await bench.session(slots: 100)
    _ = try await bench.plan(try await bench.take(session), shards: 96)
    let shards = try await bench.claim(session, limit: 96)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for start in stride(from: 0, to: 96, by: 8) {
        group.addTask {
          let batch = shards[start..<start + 8].map { CompleteRequest(lease: $0.lease) }
          let results = try await bench.store.complete(batch)
          #expect(results.allSatisfy { $0.outcome == .accepted })
        }
      }
      try await group.waitForAll()
    }
    let next = try await bench.claim(session, limit: 10)
    #expect(next.map(\.kind) == [.report])
    for task in next { _ = try await bench.store.complete(CompleteRequest(lease: task.lease)) }
    #expect(try await bench.job(job.id).state == .succeeded)
  }

  @Test("a call that ends the last tasks of several jobs has what follows ready for each of them")
  func lastOfSeveral() async throws {
    let bench = try await Bench.make()
    let session = try await bench.session(slots: 100)
    let open = try await bench.submit()
    let ending = [try await bench.submit(), try await bench.submit()]
    let capped = try await bench.submit("score", with: [.init("at_once", 1)])
    let shards = [open.id: 3, ending[0].id: 1, ending[1].id: 2, capped.id: 2]
    for task in try await bench.claim(session, limit: 10) {
      _ = try await bench.plan(task, shards: shards[task.job] ?? 0)
    }
    let taken = try await bench.claim(session, limit: 6)
    #expect(taken.map(\.job) == [open.id, open.id, open.id, ending[0].id, ending[1].id, ending[1].id])
    let last = try await bench.claim(session, limit: 10)
    #expect(last.map(\.job) == [capped.id])
    // One of the first job is left.
    let requests = (taken.dropFirst() + last).map { CompleteRequest(lease: $0.lease) }
    let (results, next) = try await bench.store.complete(
      requests, next: ClaimRequest(session: session, kinds: TaskKind.allCases, limit: 10),
      token: bench.workerToken)
    #expect(results.allSatisfy { $0.outcome == .accepted })
    let rest = next.tasks.isEmpty ? try await bench.claim(session, limit: 10) : next.tasks
    #expect(rest.map(\.kind) == [.report, .report, .shard])
    #expect(rest.map(\.job) == ending.map(\.id) + [capped.id])
  }

  @Test("a store that has claimed nothing of a capped job lets the next of it be claimed when it ends one")
  func cappedElsewhere() async throws {
    let bench = try await Bench.make()
    let session = try await bench.session()
    _ = try await bench.submit("score", with: [.init("at_once", 2)])
    _ = try await bench.plan(try await bench.take(session), shards: 3)
    let other = JobStore(pool: bench.store.pool)
    // One stays out, so that nothing but the room it left brings the next one.
    let out = try await bench.claim(session, limit: 4)
    #expect(out.count == 2)
    #expect(try await other.complete(CompleteRequest(lease: out[0].lease)).outcome == .accepted)
    #expect(try await bench.claim(session, limit: 4).map(\.kind) == [.shard])
  }

  @Test("a job whose last completer died before it saw that it was the last is settled by the leader")
  func forsaken() async throws {
    let bench = try await Bench.make()
    let job = try await bench.submit()
    let session = try await bench.session()
    _ = try await bench.plan(try await bench.take(session), shards: 1)
    let shard = try await bench.take(session)
    _ = try await bench.store.pool.run { connection in
      try connection.execute(
        "UPDATE tasks SET state = 'succeeded', finished_at = now() WHERE id = $1", shard.id
      ).affected
    }
    _ = try await bench.store.tick()
    let report = try await bench.take(session)
    #expect(report.job == job.id && report.kind == .report)
  }
}
