import FoundationEssentials
import Glibc
import JobModel
import JobStore
import LocalPostgres
import PostgresClient
import Testing

@Suite("Outages")
struct OutageTests {
  @Test("a completion whose answer was lost is accepted when it comes again, and another epoch's is stale")
  func repeatedCompletion() async throws {
    let bench = try await Bench.make()
    _ = try await bench.submit()
    let session = try await bench.session()
    let plan = try await bench.take(session)
    #expect(try await bench.plan(plan, shards: 2) == .accepted)
    // The same again, as a worker does whose connection broke after the commit.
    #expect(try await bench.plan(plan, shards: 2) == .accepted)
    let tasks = try await bench.store.detail(plan.job, lab: bench.person.lab).tasks
    #expect(tasks.count { $0.kind == .shard } == 2, "what follows from a completion happens once")
    let zombie = Lease(task: plan.id, epoch: plan.epoch - 1)
    #expect(try await bench.store.complete(CompleteRequest(lease: zombie)).outcome == .stale)
  }

  @Test("after an outage longer than a lease the workers that live keep their tasks")
  func silenceOfTheDatabase() async throws {
    let bench = try await Bench.make(leaseSeconds: 30)
    _ = try await bench.submit()
    let session = try await bench.session()
    let task = try await bench.take(session)
    _ = try await bench.store.takeLeadership(holder: "a", seconds: 10)
    // As if nobody had reached the database for an hour: no leader renewed, no worker was heard.
    try await bench.silence(session)
    try await bench.leaderSilent()
    _ = try await bench.store.takeLeadership(holder: "a", seconds: 10)
    #expect(try await bench.store.tick().sessionsLost == 0)
    let reply = try await bench.store.heartbeat(
      HeartbeatRequest(session: session, leases: [.init(task.lease)]))
    #expect(reply.sessionAlive && reply.results.map(\.verdict) == [.renewed])
    // Silence that goes on under a leader's eyes counts.
    try await bench.silence(session)
    try await bench.leaderSteady()
    #expect(try await bench.store.tick().sessionsLost == 1)
  }

  @Test("a claim that hangs with its locks held holds up neither other workers nor the reaper")
  func hangingClaim() async throws {
    let bench = try await Bench.make(leaseSeconds: 30)
    for _ in 0..<3 { _ = try await bench.submit() }
    let (hanging, silent, busy) = (
      try await bench.session("hanging"), try await bench.session("silent"), try await bench.session("busy")
    )
    try await bench.silence(hanging)
    try await bench.silence(silent)
    try await bench.withLocks { session in
      try session.execute("SELECT 1 FROM worker_sessions WHERE id = $1 FOR SHARE", hanging)
      try session.execute("SELECT 1 FROM ready ORDER BY rank, job_id, task_id LIMIT 1 FOR UPDATE")
    } _: { () async throws in
      #expect(try await bench.claim(busy, limit: 8).count == 2)
      #expect(try await bench.store.tick().sessionsLost == 1)
    }
    #expect(try await bench.store.tick().sessionsLost == 1)
  }

  @Test("what was acknowledged before the server died in the middle of commits is there when it is back")
  func serverCrash() async throws {
    let folder = "/tmp/ar1-store-tests-\(getpid())-crash"
    let first = try await LocalPostgres.start(folder: folder)
    let store = JobStore(pool: ConnectionPool(address: first.address, size: 8))
    try await store.migrate()
    let person = try await Bench.caller(store, lab: "vision", user: "ada")
    let spec = try Bench.spec("eval")
    let acknowledged = await withTaskGroup(of: [JobID].self) { group in
      for _ in 0..<8 {
        group.addTask {
          var mine: [JobID] = []
          while let job = try? await store.submit(SubmitRequest(spec: spec), by: person) {
            mine.append(job.id)
          }
          return mine
        }
      }
      group.addTask {
        // In the middle: once some are in, whatever the others are doing at that moment.
        while (try? await store.jobs(lab: person.lab, limit: 40).jobs.count) ?? 40 < 40 { await Task.yield() }
        await first.crash()
        return []
      }
      return await group.reduce(into: Set<JobID>()) { $0.formUnion($1) }
    }
    let second = try await LocalPostgres.start(folder: folder)
    var kept: Set<JobID> = []
    var before: JobID?
    repeat {
      let page = try await store.jobs(lab: person.lab, limit: 1_000, before: before)
      kept.formUnion(page.jobs.map(\.id))
      before = page.next
    } while before != nil
    // All but those that were under way in the eight.
    #expect(acknowledged.count >= 32)
    #expect(acknowledged.isSubset(of: kept))
    // Nobody is half in: each job has its plan, and it can be claimed.
    #expect(try await store.overview(lab: person.lab).labs.first?.readyTasks == kept.count)
    try await second.destroy()
  }

  @Test("a restored dump goes on where it was: jobs, logs, history, and numbers that are never given twice")
  func restore() async throws {
    let bench = try await Bench.make()
    let job = try await bench.submit()
    let session = try await bench.session()
    let task = try await bench.take(session)
    _ = try await bench.store.appendLogs(AppendLogsRequest(lease: task.lease, lines: [LogLine("before")]))
    let dump = FileManager.default.temporaryDirectory.path + "/ar1-dump-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: dump) }
    try await Dump.write(bench.address, to: dump)
    let copy = try await TestServer.shared.database(migrated: false)
    try await Dump.read(dump, into: copy)
    let restored = JobStore(pool: ConnectionPool(address: copy, size: 4))
    #expect(try await restored.migrate().isEmpty, "the dump holds the schema it was taken with")
    let lab = bench.person.lab
    #expect(try await restored.detail(job.id, lab: lab) == bench.store.detail(job.id, lab: lab))
    #expect(try await restored.logs(job.id, lab: lab) == bench.store.logs(job.id, lab: lab))
    #expect(
      try await restored.events(EventFilter(lab: nil)) == bench.store.events(EventFilter(lab: nil)))
    // The worker of before goes on with its lease, and a new job gets a new number.
    let done = try await restored.complete(CompleteRequest(lease: task.lease))
    #expect(done.outcome == .accepted)
    let next = try await restored.submit(SubmitRequest(spec: try Bench.spec("eval")), by: bench.person)
    #expect(next.id > job.id)
    #expect(try await restored.keepHistory() == (0, 0))
  }
}

extension Bench {
  /// Makes it look as if no leader had renewed for an hour.
  fileprivate func leaderSilent() async throws {
    _ = try await store.pool.run { session in
      try session.execute(
        """
        UPDATE leader SET renewed_at = now() - interval '1 hour', expires_at = now() - interval '1 hour',
          steady_since = now() - interval '2 hours'
        """
      ).affected
    }
  }

  /// Makes it look as if the leader had renewed without a gap for two hours.
  fileprivate func leaderSteady() async throws {
    _ = try await store.pool.run { session in
      try session.execute("UPDATE leader SET steady_since = now() - interval '2 hours'").affected
    }
  }
}
