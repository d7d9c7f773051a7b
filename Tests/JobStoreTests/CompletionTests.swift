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
