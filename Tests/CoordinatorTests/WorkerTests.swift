import CoordinatorClient
import JobModel
import JobStore
import PostgresClient
import Synchronization
import Testing
import WorkerRuntime

/// What holds for workers that fail, stop, lose their coordinator, or are told to end.
@Suite struct WorkerTests {
  @Test("a worker cut off from its coordinator stops trusting its lease, and its output is discarded")
  func lostLease() async throws {
    try await TestQueue.run(leaseSeconds: 2, heartbeatSeconds: 0.4) { queue in
      let job = try await queue.submit()
      let elsewhere = try await queue.anotherCoordinator()
      let cutOff = GatedExecutor(isOpen: false)
      let lonely = Task {
        try await queue.makeWorker(cutOff, url: elsewhere.url).run()
      }
      try await eventually { cutOff.begun.contains { $0.kind == .shard } }
      let shard = try #require(cutOff.begun.first { $0.kind == .shard })
      await elsewhere.stop()
      try await eventually { cutOff.stops == [.leaseLost] }
      cutOff.open()

      let successor = GatedExecutor()
      try await queue.withWorker(successor) { _ in
        try await queue.succeeds(job.id)
      }
      let again = try #require(successor.begun.first { $0.id == shard.id })
      #expect(again.epoch > shard.epoch)
      #expect(again.attempt == shard.attempt)
      let record = try #require(try await queue.member.job(job.id).tasks.first { $0.id == shard.id })
      #expect(record.interruptions == 1)
      lonely.cancel()
      _ = await lonely.result
    }
  }

  @Test(
    "a worker that could not renew for longer than its lease, and whose session is kept, gives its tasks back"
  )
  func keptSession() async throws {
    /// Its first shard does not stop when it is told to.
    final class Lingering: TaskExecutor {
      let kinds: [TaskKind] = [.plan, .shard, .report]
      let gate = DispatchGate()
      private let others = GatedExecutor()
      private let first = Mutex<TaskContext?>(nil)
      var isStopped: Bool { first.withLock { $0?.stopReason == .leaseLost } }

      func run(_ task: ClaimedTask, context: TaskContext) async throws -> TaskOutcome {
        let isFirst = first.withLock { first in
          guard task.kind == .shard, first == nil else { return false }
          first = context
          return true
        }
        if isFirst { gate.wait() }
        return try await others.run(task, context: context)
      }
    }
    try await TestQueue.run(ownServer: true, leaseSeconds: 2, heartbeatSeconds: 0.3) { queue in
      let job = try await queue.submit()
      let lingering = Lingering()
      try await queue.withWorker(lingering) { _ in
        try await eventually {
          try await queue.member.job(job.id).tasks.contains { $0.state == .running && $0.kind == .shard }
        }
        // Nobody is declared dead for a silence in which the database was away.
        try await queue.stopDatabase()
        try await eventually { lingering.isStopped }
        try await queue.startDatabase()
        let session = try #require(try await queue.member.workers().first)
        // It is heard again, or the database was back for so long before that it counts as dead after all.
        try await eventually {
          try await queue.member.workers().contains {
            $0.lastSeenAt > session.lastSeenAt || ($0.session == session.session && !$0.alive)
          }
        }
        // The task is free for others, although its work lingers.
        try await eventually {
          try await !queue.member.job(job.id).tasks.contains { $0.state == .running && $0.kind == .shard }
        }
        lingering.gate.open()
        try await queue.succeeds(job.id)
      }
    }
  }

  @Test("a busy worker gets its next task with the commit that ends the one before")
  func fromTaskToTask() async throws {
    /// Does the first shard, and holds the second one.
    final class Second: TaskExecutor {
      let kinds: [TaskKind] = [.plan, .shard, .report]
      let gate = DispatchGate()
      private let others = GatedExecutor()
      private let shards = Mutex(0)
      var begun: Int { shards.withLock { $0 } }

      func run(_ task: ClaimedTask, context: TaskContext) async throws -> TaskOutcome {
        let isSecond = shards.withLock { shards in
          if task.kind == .shard { shards += 1 }
          return task.kind == .shard && shards == 2
        }
        if isSecond { gate.wait() }
        return try await others.run(task, context: context)
      }
    }
    // No heartbeat holds the session's row meanwhile: whoever claims does not wait for that.
    try await TestQueue.run(leaseSeconds: 60, heartbeatSeconds: 20) { queue in
      let job = try await queue.submit()
      let executor = Second()
      try await queue.withWorker(executor) { _ in
        try await eventually { executor.begun == 2 }
        let transactions: Int = try await queue.store.pool.run { session in
          try session.execute(
            """
            SELECT count(DISTINCT xmin::text) AS n FROM tasks
            WHERE job_id = $1 AND kind = 'shard' AND state IN ('succeeded', 'running')
            """, job.id
          ).only().get("n")
        }
        #expect(transactions == 1)
        executor.gate.open()
        try await queue.succeeds(job.id)
      }
    }
  }

  @Test("what a claim leased whose answer was lost is done by the worker that is busy with something else")
  func lostClaim() async throws {
    try await TestQueue.run(heartbeatSeconds: 0.3) { queue in
      let relay = try ClaimLosingRelay(to: queue.url)
      defer { relay.stop() }
      let first = try await queue.submit()
      let executor = GatedExecutor(isOpen: false)
      let worker = queue.makeWorker(executor, slots: 4, url: relay.url)
      let working = Task { try await worker.run() }
      try await eventually { executor.begun.count { $0.kind == .shard } == 3 }
      relay.loseNextClaim()
      let second = try await queue.submit()
      try await eventually { executor.begun.contains { $0.job == second.id } }
      #expect(relay.lost == 1)
      let plan = try #require(executor.begun.first { $0.job == second.id })
      #expect(plan.kind == .plan && plan.attempt == 1 && plan.epoch > 1)
      #expect(executor.stops.isEmpty, "what was in hand went on")
      executor.open()
      try await queue.succeeds(first.id)
      try await queue.succeeds(second.id)
      working.cancel()
      _ = await working.result
    }
  }

  @Test("a worker that is told to end gives its lease back at once and at no cost")
  func drain() async throws {
    try await TestQueue.run { queue in
      let job = try await queue.submit()
      let held = GatedExecutor(isOpen: false)
      let first = Task { try await queue.makeWorker(held).run() }
      try await eventually { held.begun.contains { $0.kind == .shard } }
      first.cancel()
      try? await first.value
      #expect(held.stops == [.draining])
      #expect(try await queue.member.workers().allSatisfy { !$0.alive })
      let tasks = try await queue.member.job(job.id).tasks
      let shards = tasks.filter { $0.kind == .shard }
      #expect(shards.allSatisfy { $0.state == .ready && $0.attempt == 0 && $0.interruptions == 0 })
      try await queue.withWorker(GatedExecutor()) { _ in
        try await queue.succeeds(job.id)
      }
    }
  }

  @Test("a cancelled job stops its worker's task")
  func cancellation() async throws {
    try await TestQueue.run(heartbeatSeconds: 0.2) { queue in
      let job = try await queue.submit()
      let held = GatedExecutor(isOpen: false)
      try await queue.withWorker(held) { _ in
        try await eventually { held.begun.contains { $0.kind == .shard } }
        #expect(try await queue.member.cancel(job.id).state == .cancelled)
        try await eventually { held.stops == [.cancelled] }
        held.open()
        #expect(try await queue.member.retry(job.id).state == .queued)
        try await queue.succeeds(job.id)
      }
    }
  }

  @Test("a GPU that a task has spoilt gets no other task until it could be opened anew, and says so")
  func spoiltDevice() async throws {
    final class Spoiling: TaskExecutor {
      let kinds: [TaskKind] = [.plan]
      private let state = Mutex((begun: 0, letGo: 0))
      var begun: Int { state.withLock { $0.begun } }
      var letGo: Int { state.withLock { $0.letGo } }
      func letGo(ofDevice device: Int) async { state.withLock { $0.letGo += 1 } }
      func run(_ task: ClaimedTask, context: TaskContext) async throws -> TaskOutcome {
        let isFirst = state.withLock { state in
          state.begun += 1
          return state.begun == 1
        }
        if isFirst { context.withhold(0, because: "512 bytes were left") }
        return TaskOutcome()
      }
    }
    struct StillBroken: Error {}
    try await TestQueue.run(heartbeatSeconds: 0.1) { queue in
      let executor = Spoiling()
      let isWhole = Mutex(false)
      let worker = Worker(
        client: CoordinatorClient(url: queue.url, token: queue.workerSecret, patience: .endless),
        executors: [executor],
        configuration: WorkerConfiguration(
          name: "tester", devices: [.init(index: 0, name: "H100", memoryBytes: 80 << 30)], ownDevice: 0,
          deviceUse: { [DeviceReport(index: 0, utilization: 0.5)] },
          openDevice: { _ in if !isWhole.withLock({ $0 }) { throw StillBroken() } }),
        logger: TestQueue.quiet)
      let running = Task { try await worker.run() }
      func report() async throws -> DeviceReport? { try await queue.member.workers().first?.devices.first }
      try await queue.succeeds(queue.submit().id)
      try await eventually { try await report()?.isWithheld == true }
      let second = try await queue.submit()
      // It has been tried at least twice, and what executors hold there was let go of.
      try await eventually { executor.letGo >= 2 }
      #expect(executor.begun == 1)
      isWhole.withLock { $0 = true }
      try await queue.succeeds(second.id)
      try await eventually { try await report() == DeviceReport(index: 0, utilization: 0.5) }
      running.cancel()
      _ = await running.result
    }
  }

  @Test("an executor's error ends the job with its words")
  func failure() async throws {
    struct Failing: TaskExecutor {
      let kinds: [TaskKind] = [.plan]
      func run(_ task: ClaimedTask, context: TaskContext) async throws -> TaskOutcome {
        throw TaskError(.userError, "there is no folder /m; name one that exists")
      }
    }
    try await TestQueue.run { queue in
      let job = try await queue.submit()
      try await queue.withWorker(Failing()) { _ in
        let ended = try await queue.end(of: job.id)
        #expect(ended.state == .failed)
        #expect(ended.failure?.failureClass == .userError)
        #expect(ended.failure?.message.contains("there is no folder /m; name one that exists") == true)
      }
    }
  }

  @Test("a worker with a wrong token says so and ends")
  func wrongToken() async throws {
    try await TestQueue.run { queue in
      let worker = Worker(client: queue.client("ar1_wrong"), executors: [GatedExecutor()])
      await refused(.unauthorized) { try await worker.run() }
    }
  }

  @Test("heartbeats do not depend on executors that block")
  func blockingExecutors() async throws {
    struct Blocking: TaskExecutor {
      let kinds: [TaskKind] = [.plan]
      func run(_ task: ClaimedTask, context: TaskContext) async throws -> TaskOutcome {
        // Longer than the lease, on as many threads as the cooperative pool has and more.
        let end = ContinuousClock.now + .seconds(3)
        while ContinuousClock.now < end { try context.checkCancellation() }
        return TaskOutcome()
      }
    }
    try await TestQueue.run(leaseSeconds: 2, heartbeatSeconds: 0.4) { queue in
      var jobs: [JobRecord] = []
      for _ in 0..<4 { jobs.append(try await queue.submit()) }
      try await queue.withWorker(Blocking(), slots: 4) { _ in
        for job in jobs {
          try await queue.succeeds(job.id)
          let tasks = try await queue.member.job(job.id).tasks
          #expect(tasks.map(\.interruptions) == [0])
        }
      }
    }
  }
}
