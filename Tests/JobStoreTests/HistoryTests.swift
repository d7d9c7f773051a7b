import JobModel
import JobStore
import PostgresClient
import Testing

@Suite("History", .timeLimit(.minutes(2)))
struct HistoryTests {
  private func partitions(_ bench: Bench, of table: String) async throws -> [String] {
    try await bench.store.pool.run { session in
      try session.execute(
        """
        SELECT c.relname::text AS name FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = $1::text::regclass ORDER BY 1
        """, table
      ).map { try $0.get("name") }
    }
  }

  @Test("a lab with very much to deliver does not keep another lab's events waiting")
  func deliveryTurns() async throws {
    let bench = try await Bench.make()
    let other = try await Bench.caller(bench.store, lab: "welding", user: "eve")
    let busy = try await bench.store.createWebhook(
      CreateWebhookRequest(url: "https://busy.example/"), by: bench.person)
    let quiet = try await bench.store.createWebhook(
      CreateWebhookRequest(url: "https://quiet.example/"), by: other)
    for _ in 0..<20 { _ = try await bench.submit() }
    _ = try await bench.store.submit(SubmitRequest(spec: try Bench.spec("eval")), by: other)
    let taken = try await bench.store.takeDueDeliveries(limit: 32, firstPause: 60)
    #expect(taken.filter { $0.webhook == quiet.id }.count == 1)
    #expect((1...4).contains(taken.filter { $0.webhook == busy.id }.count))
  }

  private func due(_ bench: Bench, to webhook: CreatedWebhook) async throws -> [String] {
    try await bench.store.takeDueDeliveries(limit: 100, firstPause: 3_600).filter { $0.webhook == webhook.id }
      .map(\.message.event.kind)
  }

  @Test("a webhook gets what happens from its creation on, also when there was none for a while")
  func firstWebhook() async throws {
    let bench = try await Bench.make()
    let request = CreateWebhookRequest(url: "https://a.example/")
    for _ in 0..<2 {
      _ = try await bench.submit()
      let webhook = try await bench.store.createWebhook(request, by: bench.person)
      _ = try await bench.submit()
      #expect(try await due(bench, to: webhook) == ["job-submitted"])
      try await bench.store.deleteWebhook(webhook.id, by: bench.person)
    }
  }

  @Test("a webhook that is created while the last one is deleted gets what happens next")
  func lastWebhook() async throws {
    let bench = try await Bench.make()
    let request = CreateWebhookRequest(url: "https://a.example/")
    let last = try await bench.store.createWebhook(request, by: bench.person)
    async let gone: Void = bench.store.pool.transaction { session in
      try session.execute("DELETE FROM webhooks WHERE id = $1", last.id)
      // Until the other one waits for this one's locks.
      while try session.locksOfEvents(granted: false) == 0 { try session.execute("SELECT pg_sleep(0.005)") }
    }
    // Not before the deletion holds them.
    while try await bench.store.pool.run({ try $0.locksOfEvents(granted: true) }) == 0 { await Task.yield() }
    let next = try await bench.store.createWebhook(request, by: bench.person)
    try await gone
    _ = try await bench.submit()
    #expect(try await due(bench, to: next) == ["job-submitted"])
  }

  @Test("a webhook with much to deliver is deleted beside those who note events, and nobody has to give up")
  func deletion() async throws {
    let bench = try await Bench.make(connections: 3)
    let webhook = try await bench.store.createWebhook(
      CreateWebhookRequest(url: "https://a.example/"), by: bench.person)
    let job = try await bench.submit()
    try await bench.store.pool.run { session in
      _ = try session.execute(
        """
        INSERT INTO webhook_deliveries (webhook_id, event_id, event_at)
        SELECT $1, n, now() FROM generate_series(1, 20000) AS n
        """, webhook.id)
    }
    let deadlocks: @Sendable () async throws -> Int = {
      try await bench.store.pool.run { session in
        try session.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
          .only()
          .get("deadlocks")
      }
    }
    let deletion = try await bench.store.pool.transaction { session in
      // Has noted an event when the deletion comes, and notes another one while that waits.
      try session.noteEventOf(job.id, lab: bench.person.lab)
      let deletion = Task { try await bench.store.deleteWebhook(webhook.id, by: bench.person) }
      while try session.locksOfEvents(granted: false) == 0 { try session.execute("SELECT pg_sleep(0.005)") }
      try session.noteEventOf(job.id, lab: bench.person.lab)
      return deletion
    }
    try await deletion.value
    #expect(try await deadlocks() == 0)
  }

  @Test(
    "months are made ahead of time, once, and only those that are over by the whole retention are dropped")
  func months() async throws {
    let bench = try await Bench.make()
    let job = try await bench.submit()
    for table in ["events", "logs"] { #expect(try await partitions(bench, of: table).count == 4) }
    #expect(try await bench.store.keepHistory(Retention(logDays: 62, eventDays: 62)) == (0, 0))
    // Only the month before this one is over, and only for a retention that has passed since its end.
    let dropped = try await bench.store.keepHistory(Retention(logDays: 0, eventDays: nil)).dropped
    #expect(dropped == 1)
    #expect(try await partitions(bench, of: "logs").count == 3)
    #expect(try await partitions(bench, of: "events").count == 4)
    #expect(try await bench.store.events(EventFilter(lab: bench.person.lab, job: job.id)).events.count == 1)
  }

  @Test(
    "what was written before the history was cut into months is still there, numbered on from where it was")
  func migration() async throws {
    let pool = ConnectionPool(address: try await TestServer.shared.database(migrated: false), size: 2)
    let store = JobStore(pool: pool)
    try await store.migrate()
    let person = try await Bench.caller(store, lab: "vision", user: "ada")
    let spec = try Bench.spec("eval")
    let job = try await store.submit(SubmitRequest(spec: spec), by: person)
    _ = try await pool.run { session in
      try session.execute(
        """
        INSERT INTO logs (job_id, sequence, task_id, lease_epoch, stream, line, at)
        VALUES ($1, 1, 1, 1, 'log', 'long ago', now() - interval '40 days')
        """, job.id
      ).affected
        + session.execute(
          "UPDATE events SET at = at - interval '70 days' WHERE kind = 'job-submitted'"
        ).affected
    }
    let before = try await store.events(EventFilter(lab: person.lab)).events
    // Back to before the history was cut, and forward again over what lies there.
    let number = try await pool.run { session in
      try session.execute("SELECT number FROM schema_migrations WHERE name LIKE '%history'").only()
        .get("number", as: Int.self)
    }
    try await store.migrate(to: number - 1)
    try await store.migrate()
    #expect(try await store.events(EventFilter(lab: person.lab)).events == before)
    #expect(try await store.logs(job.id, lab: person.lab).lines.map(\.text) == ["long ago"])
    _ = try await store.cancel(job.id, by: person)
    let newest = try #require(try await store.events(EventFilter(lab: person.lab)).events.first)
    #expect(newest.kind == "job-cancelled" && newest.id > before[0].id)
    await pool.close()
  }
}

extension Session {
  /// Locks of the table of events that hold others up.
  fileprivate func locksOfEvents(granted: Bool) throws -> Int {
    try execute(
      """
      SELECT count(*) AS locks FROM pg_locks
      WHERE granted = $1 AND mode = 'ShareRowExclusiveLock' AND relation = 'events'::regclass
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
      """, granted
    ).only().get("locks")
  }

  fileprivate func noteEventOf(_ job: JobID, lab: LabID) throws {
    try execute("INSERT INTO events (lab_id, job_id, kind, message) VALUES ($1, $2, 'note', '')", lab, job)
  }
}
