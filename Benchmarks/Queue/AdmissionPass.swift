import ArgumentParser
import JobModel
import JobStore
import OrderedJSON
import PostgresClient

/// How long the leader takes to decide who is next while labs compete, beside a backlog of jobs that wait.
struct AdmissionPass: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "admission-pass", abstract: "A pass of the leader's admission with many unfinished jobs.")
  @OptionGroup var queue: QueueOptions
  @Option(help: "Jobs that wait.") var jobs = 100_000
  @Option(help: "Users they are of, in two labs.") var users = 4
  @Option(help: "Passes.") var passes = 10
  @Option(help: "Slots of the one worker.") var slots = 8

  func run() async throws {
    let (store, queue) = try await self.queue.open()
    let first = try await queue.submit(try Workload.spec("eval"))
    let session = try await queue.register(slots: slots)
    try await fill(store, like: first)
    // The first tick finds out that they compete.
    for _ in 0..<2 { _ = try await store.tick() }
    _ = try await queue.claim(session, TaskKind.allCases, limit: slots, wait: 0)
    var (between, ticks): ([Double], [Double]) = ([], [])
    let clock = ContinuousClock()
    for _ in 0..<passes {
      between.append(try await clock.measure { _ = try await store.admitIfContended() }.seconds * 1000)
      ticks.append(try await clock.measure { _ = try await store.tick() }.seconds * 1000)
    }
    report([
      "jobs": .integer(jobs), "pass_p50_ms": .number(between.quantile(0.5)),
      "pass_most_ms": .number(between.max() ?? 0), "tick_p50_ms": .number(ticks.quantile(0.5)),
      "tick_most_ms": .number(ticks.max() ?? 0),
    ])
  }

  /// Copies of a job, each with a first task that waits for the leader.
  private func fill(_ store: JobStore, like job: JobID) async throws {
    try await store.pool.run { [jobs, users] session in
      try session.executeScript("INSERT INTO labs (name) VALUES ('competing') ON CONFLICT DO NOTHING")
      try session.execute(
        """
        INSERT INTO users (lab_id, name, role)
        SELECT l.id, l.name || ' ' || n, 'member' FROM generate_series(1, $1) AS n
          JOIN labs l ON l.name = CASE WHEN n % 2 = 0 THEN 'benchmark' ELSE 'competing' END
        ON CONFLICT DO NOTHING
        """, users)
      try session.execute(
        """
        WITH owner AS (
          SELECT id, lab_id, row_number() OVER (ORDER BY id) - 1 AS place, count(*) OVER () AS owners FROM users
          WHERE name LIKE 'benchmark %' OR name LIKE 'competing %'
        ), made AS (
          INSERT INTO jobs (lab_id, user_id, priority, max_attempts, kind, name, spec, created_at)
          SELECT o.lab_id, o.id, n / o.owners % 5 * 20 - 40, 3, j.kind, j.name, j.spec, now() - ($2 - n) * interval '1 second'
          FROM generate_series(1, $2::bigint) AS n JOIN owner o ON o.place = n % o.owners, jobs j WHERE j.id = $1
          RETURNING id
        ), tasks AS (
          INSERT INTO tasks (job_id, kind, stage, not_before) SELECT id, 'plan', 0, now() FROM made RETURNING id, job_id
        )
        INSERT INTO task_details (job_id, task_id, payload) SELECT job_id, id, '{}' FROM tasks
        """, job, jobs)
      try session.executeScript("ANALYZE")
    }
  }
}
