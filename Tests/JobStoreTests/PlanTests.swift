import JobModel
import JobStore
import OrderedJSON
import PostgresClient
import Testing

@Suite("Plans")
struct PlanTests {
  /// Tables that grow with the work and with the years.
  private static let growing: Set<String> = [
    "jobs", "tasks", "task_details", "artifacts", "rollout_groups", "learner_steps", "policy_versions",
    "log_ends",
    "logs", "events", "worker_sessions", "job_dependencies", "ready",
  ]

  /// Statements that are for everything in a table that stays small, or run once.
  private static let whole = [
    // Admission by the leader looks at all that is ready, which is bounded by windows and by what he admits.
    "FROM ready r JOIN jobs j ON j.id = r.job_id ORDER BY r.rank",
    "WITH free AS",
    // For people who ask what goes on, and for monitoring.
    "SELECT kind, count(*) AS tasks FROM ready",
    "WHERE NOT EXISTS (SELECT 1 FROM worker_sessions w WHERE w.state",
  ]

  @Test("no statement's generic plan goes through a table that grows")
  func noScans() async throws {
    let bench = try await Bench.make()
    try await fill(bench)
    let statements = try StatementSources.all()
    #expect(statements.count > 150)
    let plans = try await bench.store.pool.run { session in
      try session.execute(
        """
        CREATE FUNCTION pg_temp.plan_of(statement text, parameters text) RETURNS text LANGUAGE plpgsql AS $$
        DECLARE plan text;
        BEGIN
          EXECUTE 'PREPARE planned AS ' || statement;
          EXECUTE 'EXPLAIN (FORMAT JSON) EXECUTE planned' || parameters INTO plan;
          DEALLOCATE planned;
          RETURN plan;
        END $$
        """)
      return try statements.map { statement -> (StatementSources.Statement, String) in
        let count = StatementSources.parameters(of: statement.text)
        let parameters =
          count == 0 ? "" : "(" + Array(repeating: "NULL", count: count).joined(separator: ", ") + ")"
        let plan: String = try session.execute(
          "SELECT pg_temp.plan_of($1, $2) AS plan", statement.text, parameters
        ).only().get("plan")
        return (statement, plan)
      }
    }
    for (statement, plan) in plans {
      let root = try JSON(parsing: plan)[0]?["Plan"] ?? .null
      let calls = Self.calls(in: root)
      #expect(calls.isEmpty, "\(statement.file): \(calls) are called by \(statement.text)")
      guard !Self.whole.contains(where: statement.text.contains) else { continue }
      let scans = Self.scans(in: root, bounded: false)
      #expect(scans.isEmpty, "\(statement.file): \(scans) in \(statement.text)")
    }
  }

  /// Rules that the planner shall put in their places rather than call.
  private static let rules: Set<String> = [
    "jobs_that_may_begin", "tasks_at_turn", "ranges_at_turn", "charge_of", "event_records",
  ]

  private static func calls(in node: JSON) -> [String] {
    let own = node["Function Name"]?.string.map { rules.contains($0) ? [$0] : [] } ?? []
    return (node["Plans"]?.array ?? []).reduce(own) { $0 + calls(in: $1) }
  }

  @Test("the leader's look at a queue where nobody competes is the same however many tasks wait")
  func fewLooks() async throws {
    // One connection, whose figures can be asked for at once.
    let bench = try await Bench.make(connections: 1)
    _ = try await bench.submit("score")
    let waiting = 3_000
    _ = try await bench.plan(try await bench.take(try await bench.session()), shards: waiting)
    try await bench.store.pool.run { session in try session.executeScript("ANALYZE") }
    func looks() async throws -> Int {
      _ = try await bench.store.tick()
      return try await bench.store.pool.run { session in
        try session.execute("SELECT pg_stat_force_next_flush()")
        return try session.execute(
          """
          SELECT sum(seq_tup_read + coalesce(idx_tup_fetch, 0))::bigint + (SELECT sum(idx_tup_read)::bigint
            FROM pg_stat_user_indexes WHERE relname IN ('tasks', 'ready')) AS looks
          FROM pg_stat_user_tables WHERE relname IN ('tasks', 'ready')
          """
        ).only().get("looks")
      }
    }
    // The first looks at more, as a leader does that has just begun.
    for _ in 0..<2 { _ = try await looks() }
    let before = try await looks()
    let looked = try await looks() - before
    #expect(looked < waiting / 10)
  }

  @Test("a pass of admission looks at the same few of a user's jobs however many wait")
  func fewJobs() async throws {
    let bench = try await Bench.make(connections: 1)
    let other = try await Bench.caller(bench.store, lab: "welding", user: "eve")
    _ = try await bench.submit("eval")
    _ = try await bench.store.submit(SubmitRequest(spec: try Bench.spec("eval")), by: other)
    for _ in 0..<2 { _ = try await bench.store.tick() }
    let waiting = 20_000
    try await bench.store.pool.run { session in
      try session.execute(
        """
        WITH made AS (
          INSERT INTO jobs (lab_id, user_id, priority, max_attempts, kind, name, spec)
          SELECT lab_id, user_id, n % 3 * 40 - 40, 3, kind, name, spec FROM jobs, generate_series(1, $1) AS n RETURNING id
        ), tasks AS (
          INSERT INTO tasks (job_id, kind, stage, not_before) SELECT id, 'plan', 0, now() FROM made RETURNING id, job_id
        )
        INSERT INTO task_details (job_id, task_id, payload) SELECT job_id, id, '{}' FROM tasks
        """, waiting / 2)
      try session.executeScript("ANALYZE")
    }
    func looks() async throws -> Int {
      _ = try await bench.store.admitIfContended()
      return try await bench.store.pool.run { session in
        try session.execute("SELECT pg_stat_force_next_flush()")
        return try session.execute(
          """
          SELECT sum(seq_tup_read + coalesce(idx_tup_fetch, 0))::bigint + (SELECT sum(idx_tup_read)::bigint
            FROM pg_stat_user_indexes WHERE relname = 'jobs') AS looks
          FROM pg_stat_user_tables WHERE relname = 'jobs'
          """
        ).only().get("looks")
      }
    }
    for _ in 0..<2 { _ = try await looks() }
    let before = try await looks()
    let looked = try await looks() - before
    #expect(looked < waiting / 4, "\(looked) looks at \(waiting) jobs")
  }

  @Test("no index of tasks names a column that claims change, so that a claim makes no entry in any")
  func heapOnly() async throws {
    let bench = try await Bench.make()
    let named = try await bench.store.pool.run { session in
      // What an index has in its keys and in its condition.
      try session.execute(
        """
        SELECT i.indexrelid::regclass::text || ': ' || a.attname AS found
        FROM pg_index i JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = i.indexrelid
          JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = d.refobjsubid
        WHERE i.indrelid = 'tasks'::regclass AND d.refobjid = i.indrelid
          AND a.attname IN ('state', 'attempt', 'lease_epoch', 'session_id', 'claimed_at')
        """
      ).map { try $0.get("found", as: String.self) }
    }
    #expect(named.isEmpty)
  }

  /// Growing tables that a plan reads from end to end: without an index, or by a whole index that is neither partial nor
  /// read only until a limit is reached.
  private static func scans(in node: JSON, bounded: Bool) -> [String] {
    let type = node["Node Type"]?.string ?? ""
    var found: [String] = []
    if let table = node["Relation Name"]?.string, let known = growing.first(where: { isPart(table, of: $0) })
    {
      let index = node["Index Name"]?.string ?? ""
      let isPartial = [
        "_unfinished", "_alive", "_over", "_open", "_delayed", "_yielding", "_reserved", "_watched",
        "_repeating", "_deadline", "_unique", "_ended",
      ].contains { index.hasSuffix($0) }
      if type == "Seq Scan"
        || (type.hasPrefix("Index") && node["Index Cond"] == nil && !isPartial && !bounded)
      {
        found.append("\(type) of \(known) \(index)")
      }
    }
    let isBounded =
      type == "Limit"
      || bounded
        && [
          "Index Scan", "Nested Loop", "LockRows", "Subquery Scan", "Result",
          "Append", "Merge Append",
        ].contains(type)
    for child in node["Plans"]?.array ?? [] { found += scans(in: child, bounded: isBounded) }
    return found
  }

  private static func isPart(_ table: String, of whole: String) -> Bool {
    table == whole || table.hasPrefix(whole + "_20")
  }

  /// A queue with a past: a thousand jobs, most of them done, with their tasks, files, logs and events.
  private func fill(_ bench: Bench) async throws {
    let template = try await bench.submit("score")
    let session = try await bench.session()
    _ = session
    try await bench.store.pool.run { [lab = bench.person.lab, user = bench.person.user] connection in
      try connection.execute(
        """
        INSERT INTO jobs (lab_id, user_id, priority, max_attempts, kind, name, spec, state, finished_at)
        SELECT $1, $2, 0, 3, 'score', 'past', (SELECT spec FROM jobs WHERE id = $3),
          CASE WHEN n % 50 = 0 THEN 'running' ELSE 'succeeded' END, CASE WHEN n % 50 <> 0 THEN now() END
        FROM generate_series(1, 1000) AS n
        """, lab, user, template.id)
      try connection.execute(
        """
        INSERT INTO worker_sessions (token_id, process, slots, name, host, version, kinds, inventory, state, vacated, over_at)
        SELECT (SELECT min(id) FROM tokens), 1, 1, 'w', 'h', '1', '{shard}', '{}', 'ended', true, now() - n * interval '1 hour'
        FROM generate_series(1, 2000) AS n
        """)
      try connection.execute(
        """
        INSERT INTO tasks (job_id, kind, stage, state, finished_at, session_id, claimed_at)
        SELECT j.id, 'shard', 1, CASE WHEN j.finished_at IS NULL AND n > 20 THEN 'blocked' ELSE 'succeeded' END,
          CASE WHEN j.finished_at IS NULL AND n > 20 THEN NULL ELSE now() END, 1, now()
        FROM jobs j, generate_series(1, 40) AS n
        """)
      try connection.execute(
        "INSERT INTO task_details (job_id, task_id, payload) SELECT job_id, id, '{}' FROM tasks ON CONFLICT DO NOTHING"
      )
      try connection.execute(
        """
        INSERT INTO ready (task_id, job_id, rank, kind) SELECT id, job_id, 0, kind FROM tasks WHERE state = 'blocked'
        ON CONFLICT DO NOTHING
        """)
      try connection.execute(
        """
        INSERT INTO artifacts (job_id, task_id, lease_epoch, bytes, kind, sha256, path)
        SELECT job_id, id, 1, 1, 'shard-results', repeat('a', 64), '/o/' || id FROM tasks
        """)
      try connection.execute(
        "INSERT INTO events (lab_id, job_id, kind, message) SELECT $1, id % 1000, 'note', '' FROM generate_series(1, 20000) AS id",
        lab)
      try connection.execute("INSERT INTO log_ends (job_id) SELECT id FROM jobs ON CONFLICT DO NOTHING")
      try connection.execute(
        """
        INSERT INTO logs (job_id, sequence, task_id, lease_epoch, stream, line)
        SELECT id, n, 1, 1, 'log', 'line' FROM jobs, generate_series(1, 20) AS n
        """)
      try connection.execute(
        """
        INSERT INTO learner_steps (run_id, lease_epoch, step, input_version, output_version, ordinals, metrics)
        SELECT id, 1, n, n - 1, n, '{}', '{}' FROM jobs, generate_series(1, 5) AS n
        """)
      try connection.execute(
        """
        INSERT INTO policy_versions (run_id, lease_epoch, number, kind, sha256, path)
        SELECT id, 1, n, 'full', '', '' FROM jobs, generate_series(1, 3) AS n
        """)
      try connection.execute(
        "INSERT INTO job_dependencies (job_id, on_job_id) SELECT n, n - 1 FROM generate_series(2, 1000) AS n")
      try connection.executeScript("ANALYZE")
    }
  }
}
