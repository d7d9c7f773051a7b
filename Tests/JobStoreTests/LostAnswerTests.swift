import JobModel
import JobStore
import PostgresClient
import Testing

@Suite("Answers that never come", .timeLimit(.minutes(1)))
struct LostAnswerTests {
  /// Does a thing again until its answer comes.
  private func persist<Value>(_ body: () async throws -> Value) async throws -> Value {
    while true {
      do { return try await body() } catch let error as PostgresError where error.isUnavailable {}
    }
  }

  /// Claims and completes until it is over.
  /// - Returns: how often each task was reported as done.
  private func work(
    for bench: Bench, through store: JobStore, limit: Int, until isOver: () async throws -> Bool
  ) async throws -> [TaskID: Int] {
    func register() async throws -> SessionID {
      try await persist {
        try await store.register(
          RegisterRequest(
            name: "w", host: "h", process: 1, version: "1", kinds: TaskKind.allCases, slots: 8),
          token: bench.workerToken
        ).session
      }
    }
    var session = try await register()
    var inHand: [ClaimedTask] = []
    var done: [TaskID: Int] = [:]
    func note(_ results: [CompletionResult]) {
      for result in results {
        #expect(result.outcome == .accepted, "an answer that was lost is given again")
        done[result.task, default: 0] += 1
      }
    }
    while try await !isOver() {
      let ask = ClaimRequest(session: session, kinds: TaskKind.allCases, limit: limit)
      do {
        if inHand.isEmpty {
          inHand = try await store.claim(ask, token: bench.workerToken).tasks
        } else {
          let (results, next) = try await store.complete(
            inHand.map { CompleteRequest(lease: $0.lease) }, next: ask, token: bench.workerToken)
          note(results)
          inHand = next.tasks
        }
      } catch let error as PostgresError where error.isUnavailable {
        // The ends are told again; what was leased is given back with the session, as a worker does.
        let (ended, lost) = (inHand, session)
        note(try await persist { try await store.complete(ended.map { CompleteRequest(lease: $0.lease) }) })
        inHand = []
        try await persist { try await store.endSession(EndSessionRequest(session: lost)) }
        session = try await register()
      }
    }
    return done
  }

  @Test(
    "connections that break right behind a transaction lose no job, make none twice, and leave no task behind"
  )
  func commits() async throws {
    let bench = try await Bench.make()
    let proxy = try CuttingProxy(to: bench.address, every: 10)
    defer { proxy.stop() }
    let pool = ConnectionPool(address: proxy.address, size: 3)
    let store = JobStore(pool: pool)
    let spec = try Bench.spec("eval")
    let count = 40
    for number in 0..<count {
      _ = try await persist {
        try await store.submit(SubmitRequest(spec: spec, idempotencyKey: "job \(number)"), by: bench.person)
      }
    }
    let done = try await work(for: bench, through: store, limit: 4) {
      try await bench.store.jobs(lab: bench.person.lab, state: .succeeded, limit: 100).jobs.count == count
    }
    #expect(proxy.cuts > 20, "\(proxy.cuts)")
    #expect(done.count == count && done.values.allSatisfy { $0 == 1 })
    let jobs = try await bench.store.jobs(lab: bench.person.lab, limit: 100).jobs
    #expect(jobs.count == count && jobs.allSatisfy { $0.tasks.succeeded == 1 && $0.tasks.total == 1 })
    await pool.close()
  }

  @Test(
    "connections that break between ends and the claim that runs beside them lose no task and do none twice")
  func besides() async throws {
    let bench = try await Bench.make()
    let job = try await bench.submit()
    let count = 800
    _ = try await bench.plan(try await bench.take(try await bench.session()), shards: count)
    let proxy = try CuttingProxy(to: bench.address, every: 20)
    defer { proxy.stop() }
    let pool = ConnectionPool(address: proxy.address, size: 1)
    let done = try await work(for: bench, through: JobStore(pool: pool), limit: 8) {
      // Whose connection breaks before it sees that it was the last of a stage leaves that to the leader. A store looks
      // now and then; a new one looks at once.
      _ = try await JobStore(pool: bench.store.pool).tick()
      return try await bench.job(job.id).state == .succeeded
    }
    #expect(proxy.cuts > 5, "\(proxy.cuts)")
    #expect(done.count == count + 1 && done.values.allSatisfy { $0 == 1 })
    await pool.close()
  }
}
