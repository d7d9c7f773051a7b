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

  func run() async throws {
    let (store, queue) = try await self.queue.open()
    let (batch, seconds) = (batch, seconds)
    let sessions = try await Self.sessions(queue, count: clients, slots: batch)
    let start = ContinuousClock.now
    let turns = try await withThrowingTaskGroup(of: [Turn].self) { group in
      for session in sessions {
        group.addTask { try await Self.work(queue, session, batch: batch, until: start + .seconds(seconds)) }
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

  /// - Returns: nil when nothing is left.
  static func turn(_ queue: any MeasuredQueue, _ session: SessionID, batch: Int) async throws -> Turn? {
    let start = ContinuousClock.now
    let tasks = try await queue.claim(session, [.shard], limit: batch, wait: 0)
    if tasks.isEmpty { return nil }
    let accepted = try await queue.complete(tasks.map { CompleteRequest(lease: $0.lease) })
    guard accepted == tasks.count else {
      throw ValidationError("\(tasks.count - accepted) completions were refused")
    }
    let now = ContinuousClock.now
    return Turn(tasks: accepted, end: now, milliseconds: (now - start).seconds * 1000)
  }
}
