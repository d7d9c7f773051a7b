import ArgumentParser
import JobModel
import JobStore
import OrderedJSON
import PostgresClient

/// A steady drain while a snapshot is held open: no dead row or index entry can be removed meanwhile.
struct PinnedSnapshot: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pinned-snapshot", abstract: "Drain while a snapshot is held open.")
  @OptionGroup var queue: QueueOptions
  @Option(help: "Clients at once.") var clients = 4
  @Option(help: "Tasks of a claim and of a completion.") var batch = 8
  @Option(help: "Seconds.") var seconds = 20.0
  @Option(help: "Tasks a second; 0 goes as fast as it can.") var rate = 0.0
  @Option(help: "Tasks to make ready before.") var tasks: Int

  func run() async throws {
    let (store, queue) = try await self.queue.open()
    _ = try await Workload.fill(queue, tasks: tasks, lazily: true)
    let pin = Task { [database = self.queue.database, seconds] in
      let pool = ConnectionPool(
        address: PostgresAddress(database), size: 1,
        settings: SessionSettings(
          statementTimeout: 0, idleInTransactionTimeout: 0, applicationName: "pin",
          others: ["default_transaction_isolation": "repeatable read"]))
      try await pool.transaction { session in
        try session.execute("SELECT count(*) FROM worker_sessions")
        try session.execute("SELECT pg_sleep($1)", seconds + 2)
      }
    }
    try await Task.sleep(for: .milliseconds(300))
    let start = ContinuousClock.now
    let end = start + .seconds(seconds)
    let (batch, clients, rate) = (batch, clients, rate)
    let sessions = try await Drain.sessions(queue, count: clients, slots: batch)
    let turns = try await withThrowingTaskGroup(of: [Drain.Turn].self) { group in
      for session in sessions {
        group.addTask {
          rate > 0
            ? try await Self.steadily(
              queue, session, batch: batch, pause: Double(batch * clients) / rate, until: end)
            : try await Drain.work(queue, session, batch: batch, until: end)
        }
      }
      return try await group.reduce(into: [Drain.Turn]()) { $0 += $1 }
    }
    let dead = try await Self.deadTuples(store)
    try await pin.value
    let quarter = seconds / 4
    func part(_ range: Range<Double>) -> [Drain.Turn] {
      turns.filter { range.contains(($0.end - start).seconds) }
    }
    let (first, last) = (part(0..<quarter), part(seconds - quarter..<seconds))
    let done = turns.reduce(0) { $0 + $1.tasks }
    report([
      "done": .integer(done), "first_rate": .number(Double(first.reduce(0) { $0 + $1.tasks }) / quarter),
      "last_rate": .number(Double(last.reduce(0) { $0 + $1.tasks }) / quarter),
      "first_p99_ms": .number(first.map(\.milliseconds).quantile(0.99)),
      "last_p99_ms": .number(last.map(\.milliseconds).quantile(0.99)),
      "dead_per_task": .number(Double(dead) / Double(max(1, done))),
    ])
  }

  private static func steadily(
    _ queue: any MeasuredQueue, _ session: SessionID, batch: Int, pause: Double,
    until end: ContinuousClock.Instant
  ) async throws -> [Drain.Turn] {
    var turns: [Drain.Turn] = []
    var next = ContinuousClock.now + .seconds(.random(in: 0..<pause))
    while next < end {
      try await Task.sleep(until: next)
      next += .seconds(pause)
      guard let turn = try await Drain.turn(queue, session, batch: batch) else { return turns }
      turns.append(turn)
    }
    return turns
  }

  /// Exact, by reading the tables.
  private static func deadTuples(_ store: JobStore) async throws -> Int {
    try await store.pool.run { session in
      try session.executeScript("CREATE EXTENSION IF NOT EXISTS pgstattuple")
      return try session.execute(
        """
        SELECT sum((pgstattuple(name::regclass)).dead_tuple_count)::bigint AS dead
        FROM unnest(ARRAY['ready', 'tasks', 'task_details', 'worker_sessions', 'jobs']) AS name
        """
      ).only().get("dead")
    }
  }
}
