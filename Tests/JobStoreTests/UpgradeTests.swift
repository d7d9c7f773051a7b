import JobModel
import JobStore
import PostgresClient
import Testing

@Suite("Upgrades", .timeLimit(.minutes(2)))
struct UpgradeTests {
  /// A migration of some later program: another column in every table, so that every plan and every `*` sees it.
  private static func later(than migrations: [Migration], _ pool: ConnectionPool) async throws -> Migration {
    let tables: [String] = try await pool.run { session in
      try session.execute(
        """
        SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND NOT c.relispartition ORDER BY c.relname
        """
      ).map { try $0.get("relname") }
    }
    try #require(tables.contains("tasks") && tables.contains("events"))
    let up = tables.map { "ALTER TABLE \(Session.quotedIdentifier($0)) ADD COLUMN later text DEFAULT 'x';" }
    let down = tables.map { "ALTER TABLE \(Session.quotedIdentifier($0)) DROP COLUMN later;" }
    return Migration(
      number: migrations.count + 1, name: "later", up: up.joined(separator: "\n"),
      down: down.joined(separator: "\n"))
  }

  /// Submits jobs and works on them, all of it, until `isOver`.
  private static func work(
    _ bench: Bench, _ session: SessionID, until isOver: @Sendable () async -> Bool
  ) async throws -> Int {
    var jobs = 0
    while await !isOver() {
      let job = try await bench.submit("score")
      jobs += 1
      var tasks: [ClaimedTask]
      repeat {
        tasks = try await bench.claim(session, limit: 4)
        for task in tasks {
          _ = try await bench.store.heartbeat(
            HeartbeatRequest(
              session: session, leases: [.init(task.lease, progress: TaskProgress(done: 1, unit: "images"))]))
          _ = try await bench.store.appendLogs(
            AppendLogsRequest(lease: task.lease, lines: [LogLine("at work")]))
          let outcome =
            task.kind == .plan
            ? try await bench.plan(task, shards: 3)
            : try await bench.store.complete(CompleteRequest(lease: task.lease)).outcome
          #expect(outcome == .accepted)
        }
        _ = try await bench.store.explain(job.id, lab: bench.person.lab)
        _ = try await bench.store.quotas(for: bench.person)
      } while !tasks.isEmpty
      _ = try await bench.store.tick()
    }
    return jobs
  }

  private actor Stage {
    private(set) var rounds = 0
    private(set) var isOver = false
    func roundIsDone() { rounds += 1 }
    func end() { isOver = true }
  }

  @Test("a program at work goes on while a newer one migrates the database under it, and loses nothing")
  func live() async throws {
    let bench = try await Bench.make(connections: 6)
    let migrations = try EmbeddedMigrations.all()
    let later = try await Self.later(than: migrations, bench.store.pool)
    let stage = Stage()
    let pool = ConnectionPool(address: bench.address, size: 1)
    let jobs = try await withThrowingTaskGroup(of: Int.self) { group in
      for number in 0..<3 {
        let session = try await bench.session("w\(number)")
        group.addTask {
          try await Self.work(bench, session) {
            await stage.roundIsDone()
            return await stage.isOver
          }
        }
      }
      // Before, between and after: each stage begins when everybody has worked on the last one's schema.
      for target in [migrations.count + 1, migrations.count, migrations.count + 1] {
        let seen = await stage.rounds
        while await stage.rounds < seen + 6 { try await Task.sleep(for: .milliseconds(5)) }
        let changes = try await Migrator(migrations + [later]).migrate(pool, to: target)
        #expect(changes.count == 1)
      }
      let seen = await stage.rounds
      while await stage.rounds < seen + 6 { try await Task.sleep(for: .milliseconds(5)) }
      await stage.end()
      return try await group.reduce(0, +)
    }
    for _ in 0..<2 { _ = try await bench.store.tick() }
    let (succeeded, lines, attempts) = try await bench.store.pool.run { session -> (Int, Int, Int) in
      let row = try session.execute(
        """
        SELECT (SELECT count(*) FROM jobs WHERE state = 'succeeded') AS jobs,
          (SELECT count(*) FROM logs) AS lines,
          (SELECT coalesce(sum(attempts), 0)::bigint FROM usage_ledger) AS attempts
        """
      ).only()
      return (try row.get("jobs"), try row.get("lines"), try row.get("attempts"))
    }
    // A plan, three shards and a report each.
    #expect(succeeded == jobs && lines == jobs * 5 && attempts == jobs * 5)
    guard case .newer(migrations.count + 1, migrations.count) = try await bench.store.schemaState() else {
      Issue.record("the program does not see that the database is newer")
      return
    }
  }

  @Test(
    "leases that were held, books and jobs are the same after the last migration was taken back and applied")
  func lastMigration() async throws {
    let bench = try await Bench.make()
    let count = try EmbeddedMigrations.all().count
    let session = try await bench.session()
    _ = try await bench.submit()
    let plan = try await bench.take(session)
    #expect(try await bench.plan(plan, shards: 2) == .accepted)
    _ = try await bench.store.tick()
    let held = try await bench.take(session)
    #expect(try await bench.store.migrate(to: count - 1) == [-count])
    #expect(try await bench.store.migrate() == [count])
    #expect(try await bench.store.complete(CompleteRequest(lease: held.lease)).outcome == .accepted)
    let last = try await bench.take(session)
    #expect(try await bench.store.complete(CompleteRequest(lease: last.lease)).outcome == .accepted)
    _ = try await bench.store.tick()
    #expect(try await bench.used() == 3)
  }

  @Test("what a program books that knows no kinds of jobs yet arrives in the ledger, once")
  func olderBooks() async throws {
    let bench = try await Bench.make()
    for _ in 0..<2 {
      _ = try await bench.store.pool.run { session in
        try session.execute(
          """
          INSERT INTO usage_days (lab_id, day, user_id, device, unit_seconds, attempts)
          VALUES ($1, now()::date, $2, 'cuda', 1800, 1)
          ON CONFLICT (lab_id, day, user_id, device) DO UPDATE SET attempts = usage_days.attempts + excluded.attempts,
            unit_seconds = usage_days.unit_seconds + excluded.unit_seconds
          """, bench.person.lab, bench.person.user
        ).affected
      }
    }
    #expect(try await bench.used() == 2)
    let month: String = try await bench.store.pool.run { session in
      try session.execute("SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM') AS month").only().get("month")
    }
    let rows = try await bench.store.usage(month: month, lab: bench.person.lab).rows
    #expect(rows.map(\.gpuSeconds) == [3600] && rows.map(\.kind) == [nil])
  }
}

extension Bench {
  /// Attempts in the ledger.
  fileprivate func used() async throws -> Int {
    try await store.pool.run { session in
      try session.execute("SELECT coalesce(sum(attempts), 0)::bigint AS used FROM usage_ledger").only()
        .get("used")
    }
  }
}
