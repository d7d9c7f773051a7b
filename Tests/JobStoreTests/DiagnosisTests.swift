import Dispatch
import Glibc
import JobModel
import JobStore
import PostgresClient
import Testing

@Suite("Diagnosis")
struct DiagnosisTests {
  private static var now: Double { Double(time(nil)) }

  @Test("a database that is well has nothing but fine findings, and each subject is looked at")
  func well() async throws {
    let bench = try await Bench.make()
    _ = try await bench.store.takeLeadership(holder: "a", seconds: 60)
    let findings = try await bench.store.diagnoseDatabase(now: Self.now)
    let subjects = Set(findings.map(\.subject))
    #expect(
      subjects.isSuperset(of: [
        "schema", "clock", "connections", "history", "leader", "snapshots", "dead rows", "durability",
      ]))
    // The server of these tests runs without fsync, and doctor says so.
    #expect(findings.filter { $0.level != .fine }.map(\.subject) == ["durability"])
    #expect(try await bench.store.diagnoseQueue(version: "1").allSatisfy { $0.level == .fine })
  }

  @Test("who pins a snapshot is named, with what ends it")
  func pinned() async throws {
    let bench = try await Bench.make()
    let pool = ConnectionPool(
      address: bench.address, size: 1,
      settings: SessionSettings(
        applicationName: "long report", others: ["default_transaction_isolation": "repeatable read"]))
    let store = bench.store
    try await pool.transaction { session in
      try session.execute("SELECT count(*) FROM jobs")
      let gate = DispatchSemaphore(value: 0)
      Task {
        // A snapshot of no age at all counts when even that is too long.
        let findings = try? await store.snapshotFindings(olderThan: -1)
        #expect(
          findings?.contains {
            $0.text.contains("long report") && $0.advice?.contains("pg_terminate_backend") == true
          } == true)
        gate.signal()
      }
      gate.wait()
    }
    await pool.close()
  }

  @Test("jobs and tasks whose records contradict themselves are told of")
  func contradiction() async throws {
    let bench = try await Bench.make()
    let job = try await bench.submit()
    _ = try await bench.store.pool.run { session in
      try session.execute("UPDATE jobs SET state = 'failed' WHERE id = $1", job.id)
      try session.execute("UPDATE tasks SET state = 'succeeded' WHERE job_id = $1", job.id)
    }
    let findings = try await bench.store.diagnoseQueue(version: "1").filter {
      $0.subject == "tasks" || $0.subject == "jobs"
    }
    #expect(findings.map(\.level) == [.problem, .problem])
    #expect(findings[0].text.contains("job \(job.id) is failed and unfinished"))
    #expect(findings[1].text.contains("of job \(job.id) is succeeded and unfinished"))
  }

  @Test("no leader, foreign versions, tasks nobody takes and tokens about to expire are told with what to do")
  func unwell() async throws {
    let bench = try await Bench.make()
    _ = try await bench.submit()
    let findings = try await bench.store.diagnoseDatabase(now: Self.now - 3_600)
    #expect(findings.contains { $0.subject == "leader" && $0.level == .problem })
    #expect(findings.contains { $0.subject == "clock" && $0.level == .warning })
    var queue = try await bench.store.diagnoseQueue(version: "1")
    #expect(queue.contains { $0.level == .problem && $0.text.contains("1 plan tasks wait") })
    _ = try await bench.session("old")
    queue = try await bench.store.diagnoseQueue(version: "2")
    #expect(!queue.contains { $0.level == .problem })
    #expect(queue.contains { $0.level == .warning && $0.text.contains("one is old") })
    let draining = try #require(try await bench.store.workers(lab: bench.person.lab).workers.first).session
    _ = try await bench.store.changeWorker(draining, ChangeWorkerRequest(draining: true), by: bench.person)
    queue = try await bench.store.diagnoseQueue(version: "1")
    #expect(
      queue.contains {
        $0.level == .warning && $0.text.contains("whoever takes that kind is draining; one is old")
          && $0.advice?.hasPrefix("ar1 drain \(draining) --undo") == true
      }, "\(queue)")
    _ = try await bench.store.changeWorker(draining, ChangeWorkerRequest(draining: false), by: bench.person)
    let token = try await bench.store.createToken(
      CreateTokenRequest(user: "bob", role: .viewer, expiresIn: 86_400), lab: bench.person.lab)
    let bob = try #require(try await bench.store.authenticate(secret: token.secret))
    queue = try await bench.store.diagnoseQueue(version: "1")
    #expect(queue.contains { $0.subject == "tokens" && $0.advice == "ar1 token rotate \(token.id)" })
    // One that has a successor is nobody's loss.
    _ = try await bench.store.rotateToken(token.id, RotateTokenRequest(overlap: 60), by: bob)
    queue = try await bench.store.diagnoseQueue(version: "1")
    #expect(queue.contains { $0.subject == "tokens" && $0.level == .fine })
  }

  @Test(
    "a database that was migrated by a newer program says so, to doctor and to a coordinator that runs on")
  func newerSchema() async throws {
    let bench = try await Bench.make()
    guard case .same(let number) = try await bench.store.schemaState() else {
      Issue.record("the test database has this program's schema")
      return
    }
    _ = try await bench.store.pool.run { session in
      try session.execute("INSERT INTO schema_migrations VALUES ($1, 'future', '')", number + 1).affected
    }
    #expect(try await bench.store.schemaState() == .newer(database: number + 1, program: number))
    let findings = try await bench.store.diagnoseDatabase(now: Self.now)
    #expect(findings.map(\.subject) == ["schema"] && findings[0].level == .problem)
    // What it does not need the new schema for goes on.
    _ = try await bench.submit()
  }
}
