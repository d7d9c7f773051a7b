import ArgumentParser
import JobModel
import OrderedJSON
import PostgresClient

/// Makes tasks ready for loads that follow.
struct Fill: AsyncParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Submit a job and make its tasks ready.")
  @OptionGroup var queue: QueueOptions
  @Option(help: "Tasks.") var tasks: Int

  func run() async throws {
    let (_, queue) = try await self.queue.open()
    let job = try await Workload.fill(queue, tasks: tasks)
    report(["job": .integer(Int(job)), "tasks": .integer(tasks)])
  }
}

/// Clients that claim and complete, batch after batch, for some seconds.
struct Drain: AsyncParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Claim and complete tasks that do nothing.")
  @OptionGroup var queue: QueueOptions
  @Option(help: "Clients at once.") var clients = 1
  @Option(help: "Tasks of a claim and of a completion.") var batch = 1
  @Option(help: "Seconds.") var seconds = 2.0
  @Flag(help: "Complete and claim the next ones with one call.") var together = false

  func run() async throws {
    let (store, queue) = try await self.queue.open()
    let (batch, seconds, together) = (batch, seconds, together)
    let sessions = try await Self.sessions(queue, count: clients, slots: batch)
    let start = ContinuousClock.now
    let turns = try await withThrowingTaskGroup(of: [Turn].self) { group in
      for session in sessions {
        group.addTask {
          let end = start + .seconds(seconds)
          let work = { @Sendable in
            together
              ? try await Self.workOn(queue, session, batch: batch, until: end)
              : try await Self.work(queue, session, batch: batch, until: end)
          }
          // A client by itself keeps to a thread, as one of pgbench's does.
          return sessions.count == 1 ? try await store.pool.onThread(work) : try await work()
        }
      }
      return try await group.reduce(into: [Turn]()) { $0 += $1 }
    }
    let elapsed = ((turns.map(\.end).max() ?? start) - start).seconds
    let done = turns.reduce(0) { $0 + $1.tasks }
    let left: Int = try await store.pool.run {
      try $0.execute("SELECT count(*) AS n FROM ready").only().get("n")
    }
    report([
      "done": .integer(done), "left": .integer(left), "seconds": .number(elapsed),
      "rate": .number(Double(done) / elapsed), "p50_ms": .number(turns.map(\.milliseconds).quantile(0.5)),
      "p99_ms": .number(turns.map(\.milliseconds).quantile(0.99)),
    ])
  }

  /// A claim and its completion.
  struct Turn: Sendable {
    let tasks: Int
    let end: ContinuousClock.Instant
    let milliseconds: Double

    init(of tasks: Int, accepted: Int, since start: ContinuousClock.Instant) throws {
      guard accepted == tasks else {
        throw ValidationError("\(tasks - accepted) completions were refused")
      }
      self.tasks = tasks
      end = .now
      milliseconds = (end - start).seconds * 1000
    }
  }

  /// Opened at once, so that connections are there before the load.
  static func sessions(_ queue: any MeasuredQueue, count: Int, slots: Int) async throws -> [SessionID] {
    try await withThrowingTaskGroup(of: SessionID.self) { group in
      for _ in 0..<count { group.addTask { try await queue.register(slots: slots) } }
      return try await group.reduce(into: []) { $0.append($1) }
    }
  }

  static func work(
    _ queue: any MeasuredQueue, _ session: SessionID, batch: Int, until end: ContinuousClock.Instant
  ) async throws -> [Turn] {
    var turns: [Turn] = []
    while .now < end, let turn = try await turn(queue, session, batch: batch) { turns.append(turn) }
    return turns
  }

  /// Each completion brings the next tasks; the last ones are completed alone.
  static func workOn(
    _ queue: any MeasuredQueue, _ session: SessionID, batch: Int, until end: ContinuousClock.Instant
  ) async throws -> [Turn] {
    var turns: [Turn] = []
    var tasks = try await queue.claim(session, [.shard], limit: batch, wait: 0)
    while !tasks.isEmpty {
      let start = ContinuousClock.now
      let ended = tasks.map { CompleteRequest(lease: $0.lease) }
      let accepted: Int
      if start < end {
        (accepted, tasks) = try await queue.complete(ended, next: session, [.shard], limit: batch)
      } else {
        (accepted, tasks) = (try await queue.complete(ended), [])
      }
      turns.append(try Turn(of: ended.count, accepted: accepted, since: start))
    }
    return turns
  }

  /// - Returns: nil when nothing is left.
  static func turn(_ queue: any MeasuredQueue, _ session: SessionID, batch: Int) async throws -> Turn? {
    let start = ContinuousClock.now
    let tasks = try await queue.claim(session, [.shard], limit: batch, wait: 0)
    if tasks.isEmpty { return nil }
    let accepted = try await queue.complete(tasks.map { CompleteRequest(lease: $0.lease) })
    return try Turn(of: tasks.count, accepted: accepted, since: start)
  }
}
