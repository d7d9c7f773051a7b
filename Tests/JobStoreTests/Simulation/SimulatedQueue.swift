import JobModel
import JobStore
import PostgresClient
import Randomness
import Scheduling
import Testing

/// The store on its database, workers, a person and a leader, on a clock of its own: time passes when it is told to, by
/// moving every time in the database back.
struct SimulatedQueue {
  /// A worker process; another life of it is another process, which knows nothing of the one before.
  private struct Worker {
    var life = 0
    var session: SessionID?
    var tasks: [ClaimedTask] = []
    var isWaiting = false
    /// Tasks whose end has been sent and not been answered.
    var unanswered: Set<Lease> = []
    /// A claim or the end of a task got no answer: the session may hold leases that nobody works on.
    var isInDoubt = false
    /// It was in doubt before: what was under way may have leased something even then. It ends when nothing is in hand.
    var wasInDoubt = false
  }

  let bench: Bench
  private(set) var draws: SplitMix64
  private var network = SimulatedNetwork()
  private var workers: [Worker]
  private(set) var jobs: [JobID] = []
  /// Leases given out, by task: each ends in one charge.
  private(set) var claims = 0
  /// Under which epochs a task's completion was accepted.
  private(set) var commits: [TaskID: Set<Epoch>] = [:]
  /// Another try was asked for: what had ended badly may begin again.
  private var retried: Set<JobID> = []
  private var seen: [TaskID: (state: TaskState, epoch: Epoch)] = [:]

  init(seed: UInt64, workers count: Int) async throws {
    bench = try await Bench.make(
      connections: 2, retry: RetryPolicy(firstDelay: 4, interruptionCap: 30), leaseSeconds: 30)
    draws = SplitMix64(seed: seed)
    workers = (0..<count).map { _ in Worker() }
  }

  // MARK: What happens

  mutating func step() async throws {
    switch Int.random(in: 0..<20, using: &draws) {
    case 0 where jobs.count < 12: try await submit()
    case 1: try await pass(seconds: Double.random(in: 0...20, using: &draws))
    case 2: _ = try await bench.store.tick()
    case 3: try await meddle()
    case 4 where draws.once(in: 3): crash(Int.random(in: 0..<workers.count, using: &draws))
    case 5...11: try await deliver()
    default: try await act(Int.random(in: 0..<workers.count, using: &draws))
    }
    try await look()
  }

  /// No more faults: all that was accepted comes to its end.
  mutating func settle() async throws {
    network.isFaulty = false
    for job in jobs {
      _ = try? await bench.store.change(job, ChangeJobRequest(paused: false), by: bench.person)
    }
    for round in 0..<400 {
      while !network.isEmpty { try await deliver() }
      try await pass(seconds: 10)
      _ = try await bench.store.tick()
      for worker in workers.indices { try await act(worker) }
      try await look()
      guard round % 5 == 4 else { continue }
      while !network.isEmpty { try await deliver() }
      if try await unfinished() == 0, workers.allSatisfy(\.tasks.isEmpty) { return }
    }
    Issue.record("\(try await unfinished()) of \(jobs.count) jobs have not ended")
  }

  private mutating func submit() async throws {
    jobs.append(try await bench.submit(draws.once(in: 2) ? "eval" : "score").id)
  }

  /// What a person does meanwhile.
  private mutating func meddle() async throws {
    guard let job = jobs.randomElement(using: &draws) else { return }
    switch Int.random(in: 0..<8, using: &draws) {
    case 0: _ = try? await bench.store.cancel(job, by: bench.person)
    case 1:
      if (try? await bench.store.retry(job, by: bench.person)) != nil { retried.insert(job) }
    case 2, 3: _ = try? await bench.store.change(job, ChangeJobRequest(paused: true), by: bench.person)
    case 4: _ = try? await bench.store.change(job, ChangeJobRequest(priority: 9), by: bench.person)
    default: _ = try? await bench.store.change(job, ChangeJobRequest(paused: false), by: bench.person)
    }
  }

  private mutating func crash(_ index: Int) {
    workers[index] = Worker(life: workers[index].life + 1)
  }

  /// A worker's next move: it registers, asks for work, says that it lives, or ends one of its tasks.
  private mutating func act(_ index: Int) async throws {
    let worker = workers[index]
    guard let session = worker.session else {
      workers[index].session = try await bench.session("w\(index).\(worker.life)", slots: 3)
      return
    }
    if worker.isWaiting || !worker.unanswered.isEmpty, draws.once(in: 6) { workers[index].isInDoubt = true }
    if worker.isInDoubt, !worker.tasks.isEmpty, draws.once(in: 3) {
      network.send(
        .forgotten(worker: index, life: worker.life, session, held: worker.tasks.map(\.lease)), &draws)
    }
    if worker.isInDoubt || worker.wasInDoubt, worker.tasks.isEmpty {
      try await bench.store.endSession(EndSessionRequest(session: session))
      return crash(index)
    }
    if let task = worker.tasks.randomElement(using: &draws), draws.once(in: 2) || !network.isFaulty {
      workers[index].tasks.removeAll { $0.lease == task.lease }
      workers[index].unanswered.insert(task.lease)
      let life = worker.life
      switch network.isFaulty ? Int.random(in: 0..<12, using: &draws) : 11 {
      case 0: network.send(.fail(worker: index, life: life, task, .transient), &draws)
      case 1: network.send(.fail(worker: index, life: life, task, .outOfMemory), &draws)
      case 2: network.send(.release(worker: index, life: life, task), &draws)
      case 3: network.send(.fail(worker: index, life: life, task, .interrupted), &draws)
      default:
        let asks = !worker.isWaiting && !worker.isInDoubt && draws.once(in: 2)
        if asks { workers[index].isWaiting = true }
        network.send(.complete(worker: index, life: life, task, next: asks ? session : nil), &draws)
      }
    } else if draws.once(in: 2) {
      network.send(
        .heartbeat(worker: index, life: worker.life, session, worker.tasks.map(\.lease)), &draws)
    } else if worker.tasks.count < 3, !worker.isWaiting, !worker.isInDoubt {
      workers[index].isWaiting = true
      network.send(.claim(worker: index, life: worker.life, session), &draws)
    }
  }

  private mutating func deliver() async throws {
    guard let message = network.arrival(&draws) else { return }
    switch message {
    case .claim(let worker, let life, let session):
      let reply = try await bench.store.claim(
        ClaimRequest(session: session, kinds: TaskKind.allCases, limit: 2), token: bench.workerToken)
      claims += reply.tasks.count
      network.send(.claimed(worker: worker, life: life, reply.tasks, alive: reply.sessionAlive), &draws)
    case .claimed(let index, let life, let tasks, let alive):
      guard workers[index].life == life else { return }
      workers[index].isWaiting = false
      if alive {
        // The same answer may come twice.
        let known = Set(workers[index].tasks.map(\.lease))
        workers[index].tasks += tasks.filter { !known.contains($0.lease) }
      } else {
        crash(index)
      }
    case .heartbeat(let worker, let life, let session, let leases):
      let reply = try await bench.store.heartbeat(
        HeartbeatRequest(session: session, leases: leases.map { .init($0) }))
      network.send(.beaten(worker: worker, life: life, reply), &draws)
    case .beaten(let index, let life, let reply):
      guard workers[index].life == life else { return }
      guard reply.sessionAlive else { return crash(index) }
      let lost = Set(
        reply.results.filter { $0.verdict == .lost || $0.verdict == .cancelRequested }.map {
          Lease(task: $0.task, epoch: $0.epoch)
        })
      workers[index].tasks.removeAll { lost.contains($0.lease) }
    case .complete(let worker, let life, let task, let session):
      if let reply = try await complete(task, next: session) {
        claims += reply.tasks.count
        network.send(.claimed(worker: worker, life: life, reply.tasks, alive: reply.sessionAlive), &draws)
      }
      network.send(.ended(worker: worker, life: life, task.lease), &draws)
    case .fail(let worker, let life, let task, let failure):
      _ = try await bench.store.fail(FailRequest(lease: task.lease, failure: TaskFailure(failure, "drawn")))
      network.send(.ended(worker: worker, life: life, task.lease), &draws)
    case .release(let worker, let life, let task):
      _ = try await bench.store.release(ReleaseRequest(leases: [task.lease], reason: "drawn"))
      network.send(.ended(worker: worker, life: life, task.lease), &draws)
    case .forgotten(let worker, let life, let session, let held):
      _ = try await bench.store.releaseForgotten(
        ReleaseForgottenRequest(session: session, held: held), token: bench.workerToken)
      network.send(.compared(worker: worker, life: life), &draws)
    case .compared(let index, let life):
      guard workers[index].life == life else { return }
      workers[index].isInDoubt = false
      workers[index].wasInDoubt = true
      workers[index].isWaiting = false
      workers[index].unanswered = []
    case .ended(let index, let life, let lease):
      if workers[index].life == life { workers[index].unanswered.remove(lease) }
    }
  }

  /// - Parameter next: the session that asks for the next tasks.
  private mutating func complete(_ task: ClaimedTask, next: SessionID?) async throws -> ClaimReply? {
    let ask = next.map { ClaimRequest(session: $0, kinds: TaskKind.allCases, limit: 2) }
    let outcome: WriteOutcome
    var reply: ClaimReply?
    if task.kind == .plan {
      outcome = try await bench.plan(task, shards: 3)
      if let ask { reply = try await bench.store.claim(ask, token: bench.workerToken) }
    } else if let ask {
      let (results, next) = try await bench.store.complete(
        [CompleteRequest(lease: task.lease)], next: ask, token: bench.workerToken)
      outcome = results[0].outcome == .accepted ? .accepted : .stale
      reply = next
    } else {
      outcome = try await bench.store.complete(CompleteRequest(lease: task.lease)).outcome
    }
    if outcome == .accepted { commits[task.id, default: []].insert(task.epoch) }
    return reply
  }

  // MARK: Time

  /// Moves what the database remembers so many seconds into the past.
  private func pass(seconds: Double) async throws {
    _ = try await bench.store.pool.run { session in
      try session.execute(
        """
        WITH w AS (UPDATE worker_sessions SET last_seen_at = last_seen_at - make_interval(secs => $1)),
          l AS (UPDATE leader SET steady_since = steady_since - make_interval(secs => $1))
        UPDATE tasks SET not_before = not_before - make_interval(secs => $1),
          claimed_at = claimed_at - make_interval(secs => $1)
        WHERE state IN ('blocked', 'running')
        """, seconds
      ).affected
    }
  }

  // MARK: What must hold

  /// Compares every task with what it was at the last look.
  private mutating func look() async throws {
    let now = try await bench.store.pool.run { session in
      try session.execute(
        """
        SELECT t.id, t.job_id, t.state, t.lease_epoch, r.task_id IS NOT NULL AS listed,
          t.finished_at IS NOT NULL AS is_over, t.session_id IS NOT NULL AS is_held
        FROM tasks t LEFT JOIN ready r ON r.task_id = t.id
        """
      ).map { row in
        (
          id: try row.get("id", as: TaskID.self), job: try row.get("job_id", as: JobID.self),
          state: try #require(TaskState(rawValue: try row.get("state"))),
          epoch: try row.get("lease_epoch", as: Epoch.self),
          listed: try row.get("listed", as: Bool.self), isOver: try row.get("is_over", as: Bool.self),
          isHeld: try row.get("is_held", as: Bool.self)
        )
      }
    }
    for task in now {
      #expect(task.listed == (task.state == .ready), "task \(task.id) is \(task.state)")
      #expect(task.isOver == task.state.isFinal, "task \(task.id) is \(task.state)")
      #expect(task.isHeld || task.state != .running, "task \(task.id) runs with nobody")
      if let before = seen[task.id] {
        #expect(task.epoch >= before.epoch, "the epoch of task \(task.id) fell")
        #expect(
          task.state == before.state
            || Self.reaches(before.state, task.state, retried: retried.contains(task.job)),
          "task \(task.id) went from \(before.state) to \(task.state)")
      }
      seen[task.id] = (task.state, task.epoch)
    }
    retried = []
  }

  /// Whether events lead from one state to another; several may happen between two looks.
  private static func reaches(_ from: TaskState, _ to: TaskState, retried: Bool) -> Bool {
    var known: Set<TaskState> = [from]
    var open = [from]
    while let state = open.popLast() {
      for event in TaskEvent.allCases where retried || event != .retried {
        if let next = state.applying(event), known.insert(next).inserted { open.append(next) }
      }
    }
    return known.contains(to)
  }

  private func unfinished() async throws -> Int {
    try await bench.store.pool.run { session in
      try session.execute("SELECT count(*) AS jobs FROM jobs WHERE finished_at IS NULL").only().get("jobs")
    }
  }

  /// Attempts in the books.
  func booked() async throws -> Int {
    for _ in 0..<2 { _ = try await bench.store.tick() }
    return try await bench.store.pool.run { session in
      try session.execute("SELECT coalesce(sum(attempts), 0)::bigint AS attempts FROM usage_ledger").only()
        .get("attempts")
    }
  }
}
