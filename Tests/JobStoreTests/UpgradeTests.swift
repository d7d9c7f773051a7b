import JobModel
import JobStore
import PostgresClient
import Testing

@Suite("Upgrades", .timeLimit(.minutes(2)))
struct UpgradeTests {
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
