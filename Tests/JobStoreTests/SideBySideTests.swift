import JobModel
import JobStore
import PostgresClient
import Testing

@Suite("Ends beside claims", .timeLimit(.minutes(1)))
struct SideBySideTests {
  private static let once = 8

  /// A worker alone that has gone on for so long that its ends and claims run at the same time.
  private struct LoneWorker {
    let bench: Bench
    let session: SessionID
    var tasks: [ClaimedTask]
    var seen: Set<TaskID> = []

    var ask: ClaimRequest { ClaimRequest(session: session, kinds: [.shard], limit: once) }
    var ends: [CompleteRequest] { tasks.map { CompleteRequest(lease: $0.lease) } }

    /// - Parameter waits: whether commits wait for the disk, which those of tests do not.
    static func make(shards: Int, waitsForDisk waits: Bool = false) async throws -> LoneWorker {
      var bench = try await Bench.make(connections: 1)
      if waits {
        try await bench.store.pool.run { session in
          try session.executeScript(
            "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET synchronous_commit = on', current_database()); END $$"
          )
        }
        await bench.store.pool.close()
        bench = Bench(
          store: JobStore(pool: ConnectionPool(address: bench.address, size: 1)), address: bench.address,
          person: bench.person, workerToken: bench.workerToken)
      }
      _ = try await bench.submit()
      let session = try await bench.session(slots: once)
      _ = try await bench.plan(try await bench.take(session), shards: shards)
      var worker = LoneWorker(
        bench: bench, session: session, tasks: try await bench.claim(session, kinds: [.shard], limit: once))
      // Where stages end often a call looks before it ends tasks, and the plan's stage has just ended.
      for _ in 0..<20 {
        #expect(worker.tasks.count == once)
        let results = try await worker.turn()
        #expect(results.allSatisfy { $0.outcome == .accepted })
      }
      #expect(try await worker.connections() == 2, "one for the ends and one for the claims")
      return worker
    }

    mutating func turn(_ ends: [CompleteRequest]? = nil) async throws -> [CompletionResult] {
      #expect(seen.isDisjoint(with: tasks.map(\.id)), "no task is leased twice")
      seen.formUnion(tasks.map(\.id))
      let (results, next) = try await bench.store.complete(
        ends ?? self.ends, next: ask, token: bench.workerToken)
      tasks = next.tasks
      return results
    }

    func connections() async throws -> Int {
      try await bench.store.pool.run { connection in
        try connection.execute(
          "SELECT count(*) AS n FROM pg_stat_activity WHERE datname = current_database() AND backend_type = 'client backend'"
        ).only().get("n")
      }
    }

    func count(_ state: TaskState) async throws -> Int {
      try await bench.store.pool.run { connection in
        try connection.execute(
          "SELECT count(*) AS n FROM tasks WHERE kind = 'shard' AND state = $1", state.rawValue
        ).only().get("n")
      }
    }
  }

  @Test("a lone worker has every task once, with its payload, and the report follows the last")
  func goesOn() async throws {
    var worker = try await LoneWorker.make(shards: 200)
    var payloads: Set<Int> = []
    while !worker.tasks.isEmpty {
      payloads.formUnion(worker.tasks.compactMap { $0.payload["shard"]?.int })
      #expect(try await worker.turn().allSatisfy { $0.outcome == .accepted })
    }
    #expect(worker.seen.count == 200 && payloads == Set(160..<200))
    #expect(try await worker.bench.take(worker.session).kind == .report)
  }

  @Test("where one of the ends is at fault the others end, and no more is leased than was asked for")
  func fault() async throws {
    var worker = try await LoneWorker.make(shards: 200)
    var ends = worker.ends
    ends[3].artifacts = [
      Artifact(path: "/o/x", sha256: "no hash", bytes: 1, epoch: 1, kind: "shard-results")
    ]
    let results = try await worker.turn(ends)
    #expect(results[3].outcome == .refused && results.count { $0.outcome == .accepted } == Self.once - 1)
    #expect(worker.tasks.count == Self.once)
    #expect(try await worker.count(.running) == Self.once + 1, "those leased, and the one at fault")
  }

  @Test("where none of the ends holds any more the next tasks are leased all the same")
  func stale() async throws {
    var worker = try await LoneWorker.make(shards: 200)
    let results = try await worker.turn(
      worker.ends.map { end in
        var end = end
        end.lease.epoch += 1
        return end
      })
    #expect(results.allSatisfy { $0.outcome == .stale } && worker.tasks.count == Self.once)
  }

  @Test(
    "what was leased is on disk when the worker hears of it, whether ends of its tasks were written or not")
  func onDisk() async throws {
    var worker = try await LoneWorker.make(shards: 200, waitsForDisk: true)
    /// Bytes of the log; a claim of so many tasks writes thousands.
    func unwritten() async throws -> Int {
      try await worker.bench.store.pool.run { connection in
        try connection.execute(
          "SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), pg_current_wal_flush_lsn())::bigint AS n"
        ).only().get("n")
      }
    }
    _ = try await worker.turn()
    #expect(try await unwritten() < 500)
    _ = try await worker.turn(
      worker.ends.map { end in
        var end = end
        end.lease.epoch += 1
        return end
      })
    #expect(try await unwritten() < 500)
  }

  @Test("a claim that has to wait for a change of the schema does not hold up the ends")
  func locked() async throws {
    var worker = try await LoneWorker.make(shards: 200)
    let (before, bench) = (try await worker.count(.succeeded), worker.bench)
    let other = ConnectionPool(address: bench.address, size: 2)
    async let change: Void = other.transaction { session in
      try session.executeScript("LOCK TABLE ready IN ACCESS EXCLUSIVE MODE")
      var ended = before
      while ended == before {
        ended = try session.execute(
          "SELECT count(*) AS n, pg_sleep(0.005) FROM tasks WHERE kind = 'shard' AND state = 'succeeded'"
        ).only().get("n")
      }
    }
    var isLocked = false
    while !isLocked {
      isLocked = try await other.run { session in
        try session.execute(
          "SELECT 1 FROM pg_locks WHERE relation = 'ready'::regclass AND mode = 'AccessExclusiveLock' AND granted"
        ).count == 1
      }
    }
    #expect(try await worker.turn().allSatisfy { $0.outcome == .accepted })
    try await change
    #expect(
      worker.tasks.count == Self.once, "what could not be leased at first is leased when the change is over")
    await other.close()
  }

  @Test("where the server has no second connection to give, the first one does both")
  func refused() async throws {
    let bench = try await Bench.make(connections: 1)
    _ = try await bench.submit()
    let session = try await bench.session(slots: Self.once)
    _ = try await bench.plan(try await bench.take(session), shards: 200)
    try await bench.store.pool.run { session in
      try session.executeScript(
        """
        CREATE ROLE narrow LOGIN CONNECTION LIMIT 1; GRANT ALL ON ALL TABLES IN SCHEMA public TO narrow;
        GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO narrow
        """)
    }
    let pool = ConnectionPool(
      address: PostgresAddress(bench.address.connectionString + " user=narrow"), size: 1)
    let store = JobStore(pool: pool)
    let ask = ClaimRequest(session: session, kinds: [.shard], limit: Self.once)
    var tasks = try await store.claim(ask, token: bench.workerToken).tasks
    var done = 0
    while !tasks.isEmpty {
      let (results, next) = try await store.complete(
        tasks.map { CompleteRequest(lease: $0.lease) }, next: ask, token: bench.workerToken)
      done += results.count { $0.outcome == .accepted }
      tasks = next.tasks
    }
    #expect(done == 200)
    await pool.close()
  }
}
