import JobModel
import JobStore
import PostgresClient
import Testing

@Suite("Leases")
struct LeaseTests {
  @Test("after a reap the old lease can write nothing: no result, log, failure, release or group")
  func zombie() async throws {
    let bench = try await Bench.make()
    let job = try await bench.submit()
    let zombie = try await bench.session("zombie")
    let old = try await bench.take(zombie)
    try await bench.silence(zombie)
    let report = try await bench.store.tick()
    #expect(report.sessionsLost == 1 && report.tasksTakenBack == 1 && report.tasksAdmitted == 1)

    let heir = try await bench.session("heir")
    let new = try await bench.take(heir)
    #expect(new.id == old.id && new.epoch == old.epoch + 2 && new.attempt == 1)

    let artifact = Artifact(
      path: "/o/e1/x", sha256: String(repeating: "a", count: 64), bytes: 1, epoch: old.epoch, kind: "x")
    let late = CompleteRequest(
      lease: old.lease, result: ["late": true], artifacts: [artifact],
      groups: [Bench.group(run: job.id, ordinal: 0)])
    #expect(try await bench.store.complete(late).outcome == .stale)
    #expect(
      try await bench.store.fail(FailRequest(lease: old.lease, failure: .init(.userError, "x"))).outcome
        == .stale)
    #expect(
      try await bench.store.appendLogs(.init(lease: old.lease, lines: [LogLine("late")])).outcome == .stale)
    #expect(try await bench.store.release(.init(leases: [old.lease], reason: "late")) == 0)
    let beat = try await bench.store.heartbeat(.init(session: zombie, leases: [.init(old.lease)]))
    #expect(!beat.sessionAlive && beat.results.map(\.verdict) == [.lost])

    #expect(try await bench.store.complete(CompleteRequest(lease: new.lease)).outcome == .accepted)
    // The heir's completion again is accepted and changes nothing; the zombie's stays stale.
    let again = CompleteRequest(lease: new.lease, result: ["again": true])
    #expect(try await bench.store.complete(again).outcome == .accepted)
    #expect(try await bench.store.complete(late).outcome == .stale)
    let detail = try await bench.store.detail(job.id, lab: bench.person.lab)
    #expect(
      detail.artifacts.isEmpty && detail.tasks[0].result == .object([]) && detail.tasks[0].interruptions == 1)
    #expect(try await bench.store.logs(job.id, lab: bench.person.lab).lines.isEmpty)
  }

  @Test("what a session holds and its worker does not name is given back, but not when another asks")
  func forgotten() async throws {
    let bench = try await Bench.make()
    for _ in 0..<3 { _ = try await bench.submit() }
    let session = try await bench.session()
    let other = try await bench.session("other")
    let held = try await bench.take(session)
    let forgotten = try await bench.take(session)
    let foreign = try await bench.take(other)
    let request = ReleaseForgottenRequest(session: session, held: [held.lease])
    #expect(try await bench.store.releaseForgotten(request, token: bench.workerToken + 1_000) == 0)
    #expect(try await bench.store.releaseForgotten(request, token: bench.workerToken) == 1)
    #expect(try await bench.store.releaseForgotten(request, token: bench.workerToken) == 0)
    let again = try await bench.take(session)
    #expect(again.id == forgotten.id && again.epoch > forgotten.epoch && again.attempt == 1)
    for task in [held, foreign, again] {
      #expect(try await bench.store.complete(CompleteRequest(lease: task.lease)).outcome == .accepted)
    }
    #expect(try await bench.store.complete(CompleteRequest(lease: forgotten.lease)).outcome == .stale)
  }

  @Test("a task that keeps losing its workers fails at the cap, and says so")
  func interruptionCap() async throws {
    let bench = try await Bench.make()
    let job = try await bench.submit()
    for round in 1...3 {
      let session = try await bench.session("w\(round)")
      let task = try await bench.take(session)
      #expect(task.attempt == 1)
      try await bench.silence(session)
      _ = try await bench.store.tick()
    }
    let record = try await bench.job(job.id)
    #expect(record.state == .failed)
    #expect(record.failure?.failureClass == .interrupted)
    #expect(record.failure?.message.contains("interrupted 3 times") == true)
  }

  @Test("a drain gives tasks back at once, without an attempt or an interruption")
  func drain() async throws {
    let bench = try await Bench.make()
    let job = try await bench.submit()
    for _ in 0..<5 {
      let session = try await bench.session()
      #expect(try await bench.take(session).attempt == 1)
      try await bench.store.endSession(EndSessionRequest(session: session))
    }
    let task = try #require(try await bench.store.detail(job.id, lab: bench.person.lab).tasks.first)
    #expect(task.state == .ready && task.attempt == 0 && task.interruptions == 0 && task.epoch == 10)
  }

  @Test("a transient failure is tried again after a backoff, up to the job's attempts")
  func transient() async throws {
    let bench = try await Bench.make()
    let job = try await bench.submit()
    let session = try await bench.session()
    for attempt in 1...3 {
      var claimed: [ClaimedTask] = []
      while claimed.isEmpty {
        _ = try await bench.store.tick()
        claimed = try await bench.claim(session)
      }
      #expect(claimed[0].attempt == attempt)
      let reply = try await bench.store.fail(
        FailRequest(lease: claimed[0].lease, failure: .init(.transient, "disk full\u{0}")))
      #expect(reply.outcome == .accepted && (reply.retryAfter == nil) == (attempt == 3))
    }
    let record = try await bench.job(job.id)
    #expect(record.state == .failed && record.tasks.failed == 1)
    #expect(record.failure?.message.hasSuffix("(plan): disk full\u{FFFD}") == true)
  }

  @Test("a user's error fails the job at once and cancels its other tasks")
  func userError() async throws {
    let bench = try await Bench.make()
    let job = try await bench.submit()
    let session = try await bench.session()
    _ = try await bench.plan(try await bench.take(session), shards: 3)
    let shards = try await bench.claim(session, limit: 2)
    _ = try await bench.store.fail(
      FailRequest(lease: shards[0].lease, failure: .init(.userError, "no such model", detail: "trace")))
    let record = try await bench.job(job.id)
    #expect(record.state == .failed && record.failure?.detail == "trace")
    #expect(record.tasks.failed == 1 && record.tasks.cancelled == 3 && record.tasks.succeeded == 1)
    let beat = try await bench.store.heartbeat(
      HeartbeatRequest(session: session, leases: [.init(shards[1].lease), .init(shards[0].lease)]))
    #expect(beat.sessionAlive && beat.results.map(\.verdict) == [.cancelRequested, .lost])

    let again = try await bench.store.retry(job.id, by: bench.person)
    #expect(again.state == .queued && again.failure == nil && again.tasks.ready == 3)
    let retried = try await bench.claim(session, limit: 5)
    #expect(retried.map(\.attempt) == [1, 1, 1])
  }

  @Test("of many heartbeats, the one whose session is locked is left to be asked alone and delays no other")
  func heartbeatsTogether() async throws {
    let bench = try await Bench.make()
    let (free, locked) = (try await bench.session("free"), try await bench.session("locked"))
    let beats = [free, locked].map {
      Heartbeat(HeartbeatRequest(session: $0, leases: []), token: bench.workerToken)
    }
    let other = ConnectionPool(address: bench.address, size: 1)
    _ = try await other.run { session in
      try session.executeScript("BEGIN")
      return try session.execute("SELECT 1 FROM worker_sessions WHERE id = $1 FOR UPDATE", locked).affected
    }
    let replies = try await bench.store.renewTogether(beats)
    #expect(replies.map { $0?.sessionAlive } == [true, nil])
    try await other.run { session in try session.executeScript("ROLLBACK") }
    #expect(try await bench.store.renewTogether(beats).map { $0?.sessionAlive } == [true, true])
    #expect(try await bench.store.heartbeat(beats[1].request, token: bench.workerToken).sessionAlive)
  }

  @Test("the use of a worker's GPUs is kept from the heartbeat that told it last, whatever the others say")
  func deviceUse() async throws {
    let bench = try await Bench.make()
    let gpu = Inventory(devices: [.init(index: 0, name: "H100", memoryBytes: 80 << 30)])
    let (plain, other) = (try await bench.session("plain"), try await bench.session("gpu", inventory: gpu))
    func told(_ session: SessionID) async throws -> [DeviceReport]? {
      try await bench.store.workers(lab: bench.person.lab).workers.first { $0.session == session }?.devices
    }
    #expect(try await told(other) == [])
    let use = DeviceReport(index: 0, utilization: 0.5, memoryUsed: 30 << 30, memoryTotal: 80 << 30, tasks: 2)
    _ = try await bench.store.heartbeat(HeartbeatRequest(session: other, leases: [], devices: [use]))
    #expect(try await told(other) == [use])
    // A worker that tells nothing changes nothing, neither alone nor among others.
    _ = try await bench.store.heartbeat(HeartbeatRequest(session: other, leases: []))
    #expect(try await told(other) == [use])
    let withheld = DeviceReport(index: 0, utilization: .infinity, isWithheld: true)
    let beats = [
      HeartbeatRequest(session: plain, leases: []), .init(session: other, leases: [], devices: [withheld]),
    ]
    .map { Heartbeat($0, token: bench.workerToken) }
    #expect(try await bench.store.renewTogether(beats).map { $0?.sessionAlive } == [true, true])
    #expect(try await told(other) == [DeviceReport(index: 0, isWithheld: true)])
    #expect(try await told(plain) == [])
    let shown = try await bench.store.overview(lab: bench.person.lab).devices
    #expect(shown.map(\.name) == ["H100"] && shown.map(\.worker) == ["gpu"] && shown[0].use.isWithheld)
  }

  @Test("a job that waits for a GPU is told when workers that could run it withhold theirs")
  func withheldDevice() async throws {
    let bench = try await Bench.make()
    let gpus = Inventory(devices: (0..<2).map { .init(index: $0, name: "H100", memoryBytes: 80 << 30) })
    let session = try await bench.session("gpu", inventory: gpus)
    let job = try await bench.submit("score", with: [.init("resources", ["gpu": 1])])
    #expect(try await bench.plan(bench.take(session), shards: 1) == .accepted)
    func reasons() async throws -> [String] {
      try await bench.store.explain(job.id, lab: bench.person.lab).reasons
    }
    #expect(try await reasons() == ["it is next: a worker with a free slot will take it"])
    func tell(_ withheld: Set<Int>) async throws {
      let reports = (0..<2).map { DeviceReport(index: $0, isWithheld: withheld.contains($0)) }
      _ = try await bench.store.heartbeat(HeartbeatRequest(session: session, leases: [], devices: reports))
    }
    try await tell([1])
    let why = try await reasons()
    #expect(why.count == 2 && why[0].hasPrefix("1 of the 2 GPUs of workers that could run it get no task"))
    try await tell([])
    #expect(try await reasons().count == 1)
  }

  @Test("a job that only a draining worker could run is told its name, and how it gets work again")
  func draining() async throws {
    let bench = try await Bench.make()
    let session = try await bench.session("rack-7")
    let job = try await bench.submit()
    _ = try await bench.store.changeWorker(session, ChangeWorkerRequest(draining: true), by: bench.person)
    func reasons() async throws -> [String] {
      try await bench.store.explain(job.id, lab: bench.person.lab).reasons
    }
    #expect(
      try await reasons() == ["worker rack-7 is draining; 'ar1 drain \(session) --undo' gives it work again"])
    _ = try await bench.session("other")
    #expect(try await reasons() == ["it is next: a worker with a free slot will take it"])
  }

  @Test("a heartbeat renews the leases and keeps the last progress")
  func heartbeat() async throws {
    let bench = try await Bench.make()
    let job = try await bench.submit("train")
    let session = try await bench.session()
    let task = try await bench.take(session)
    let progress = TaskProgress(
      done: 3, total: 10, unit: "steps", metrics: ["reward": 0.25], message: "step 3")
    let beat = try await bench.store.heartbeat(
      HeartbeatRequest(session: session, leases: [.init(task.lease, progress: progress)]))
    #expect(beat.results == [.init(task: task.id, epoch: task.epoch, verdict: .renewed)])
    #expect(try await bench.job(job.id).progress == progress)
    let broken = TaskProgress(done: 4, total: .infinity, unit: "steps", metrics: ["loss": .nan, "reward": 1])
    let second = try await bench.store.heartbeat(
      HeartbeatRequest(session: session, leases: [.init(task.lease, progress: broken)]))
    #expect(second.results.map(\.verdict) == [.renewed])
    #expect(
      try await bench.job(job.id).progress
        == TaskProgress(done: 4, total: nil, unit: "steps", metrics: ["reward": 1]))
    let workers = try await bench.store.workers(lab: bench.person.lab).workers
    #expect(workers.map(\.tasks) == [[task.id]] && workers[0].alive)
  }

  @Test("the progress of a job is the sum over its shards, known in total before they run")
  func summedProgress() async throws {
    let bench = try await Bench.make()
    let job = try await bench.submit()
    let session = try await bench.session()
    let plan = try await bench.take(session)
    let shards = [3.0, 4.0].map {
      NewTask(
        kind: .shard, stage: 1, payload: [:], progress: TaskProgress(done: 0, total: $0, unit: "images"))
    }
    _ = try await bench.store.complete(CompleteRequest(lease: plan.lease, spawn: shards))
    #expect(try await bench.job(job.id).progress == TaskProgress(done: 0, total: 7, unit: "images"))
    let shard = try await bench.take(session)
    let done = TaskProgress(done: 3, total: 3, unit: "images", metrics: ["rate": 2], message: "ok")
    _ = try await bench.store.complete(CompleteRequest(lease: shard.lease, progress: done))
    #expect(
      try await bench.job(job.id).progress
        == TaskProgress(done: 3, total: 7, unit: "images", metrics: ["rate": 2], message: "ok"))
  }
}
