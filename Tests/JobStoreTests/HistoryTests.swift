import FoundationEssentials
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

  @Test("every kind of event that is noted is a known one, and every known one is noted")
  func kinds() throws {
    let root = #filePath.split(separator: "/").dropLast(3).map { "/" + $0 }.joined() + "/Sources/JobStore"
    var noted: Set<String> = []
    for name in try FileManager.default.subpathsOfDirectory(atPath: root) where name.hasSuffix(".swift") {
      let source = String(
        decoding: FileManager.default.contents(atPath: "\(root)/\(name)") ?? Data(), as: UTF8.self)
      for call in source.matches(of: /note(?:Event|Change)\(\s*([^,]*),/) {
        noted.formUnion(call.output.1.matches(of: /"([a-z-]+)"/).map { String($0.output.1) })
      }
      for statement in source.split(separator: "INSERT INTO events").dropFirst() {
        let text = statement.prefix(
          upTo: statement.firstRange(of: "\"\"\"")?.lowerBound ?? statement.endIndex)
        noted.formUnion(text.matches(of: /'([a-z]+-[a-z]+)'/).map { String($0.output.1) })
      }
    }
    #expect(noted == Set(EventKinds.all))
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
    let taken = try await bench.store.takeDueDeliveries(limit: 32, sending: 30)
    #expect(taken.filter { $0.webhook == quiet.id }.count == 1)
    #expect(taken.filter { $0.webhook == busy.id }.count == JobStore.mostPerWebhook)
    // While they are under way there is no room for more of that one, and room for one when one has ended.
    for (underWay, room) in [(JobStore.mostPerWebhook, 0), (JobStore.mostPerWebhook - 1, 1)] {
      let next = try await bench.store.takeDueDeliveries(
        limit: 32, sending: 30, underWay: [busy.id: underWay])
      #expect(next.map(\.webhook) == Array(repeating: busy.id, count: room))
    }
  }

  @Test(
    "a delivery is nobody else's while it is sent, however short the pauses are, and due again once that failed"
  )
  func slowReceiver() async throws {
    let bench = try await Bench.make()
    _ = try await bench.store.createWebhook(
      CreateWebhookRequest(url: "https://slow.example/"), by: bench.person)
    _ = try await bench.submit()
    func due() async throws -> [WebhookDelivery] {
      try await bench.store.takeDueDeliveries(limit: 32, sending: 3_600)
    }
    let first = try await due()
    #expect(first.count == 1)
    #expect(try await due().isEmpty)
    try await bench.store.finishDelivery(try #require(first.first), error: "refused", firstPause: 0)
    let second = try await due()
    #expect(second.map(\.message.delivery) == first.map(\.message.delivery))
    try await bench.store.finishDelivery(try #require(second.first), error: nil, firstPause: 0)
    #expect(try await due().isEmpty)
    #expect(try await bench.store.webhooks(lab: bench.person.lab).webhooks.map(\.delivered) == [1])
  }

  @Test("events that lay in the outbox until they were deleted count as given up")
  func leftInTheOutbox() async throws {
    let bench = try await Bench.make()
    let request = CreateWebhookRequest(url: "https://a.example/")
    for _ in 0..<2 { _ = try await bench.store.createWebhook(request, by: bench.person) }
    for _ in 0..<3 { _ = try await bench.submit() }
    _ = try await bench.store.pool.run { session in
      try session.execute("UPDATE webhook_deliveries SET created_at = now() - interval '4 days'").affected
    }
    _ = try await bench.submit()
    _ = try await bench.store.keepHistory()
    let webhooks = try await bench.store.webhooks(lab: bench.person.lab).webhooks
    #expect(webhooks.map(\.givenUp) == [3, 3] && webhooks.map(\.pending) == [1, 1])
  }

  @Test("what is rare is found in what happened since a moment, without going through what happened before")
  func since() async throws {
    // One connection, whose figures can be asked for at once.
    let bench = try await Bench.make(connections: 1)
    let (lab, old) = (bench.person.lab, 20_000)
    try await bench.store.pool.run { session in
      _ = try session.execute(
        """
        INSERT INTO events (lab_id, job_id, kind, message, at)
        SELECT $1, 1, CASE WHEN n % 5000 = 0 THEN 'job-failed' ELSE 'job-note' END, '',
          now() - make_interval(hours => 5, secs => $2 - n)
        FROM generate_series(1, $2) AS n
        """, lab, old)
      // The younger one was noted by a transaction that had begun before that of the other.
      for seconds in [100, 160, 40] {
        try session.execute(
          """
          INSERT INTO events (lab_id, job_id, kind, message, at)
          VALUES ($1, 1, 'job-failed', $2::bigint::text, now() - make_interval(secs => $2::bigint))
          """, lab, seconds)
      }
      try session.executeScript("ANALYZE events")
    }
    let now: Timestamp = try await bench.store.pool.run { session in
      try session.execute("SELECT extract(epoch FROM now())::float8 AS now").only().get("now")
    }
    func looks() async throws -> Int {
      try await bench.store.pool.run { session in
        try session.execute("SELECT pg_stat_force_next_flush()")
        return try session.execute(
          """
          SELECT sum(seq_tup_read + coalesce(idx_tup_fetch, 0))::bigint AS looks FROM pg_stat_user_tables
          WHERE relname LIKE 'events_%'
          """
        ).only().get("looks")
      }
    }
    for filter in [
      EventFilter(lab: lab, kind: "job-failed", since: now - 120),
      EventFilter(lab: nil, kind: "job-failed", since: now - 120),
    ] {
      let before = try await looks()
      let found = try await bench.store.events(filter).events
      #expect(found.map(\.message) == ["40", "100"])
      #expect(try await looks() - before < old / 20)
    }
    let all = try await bench.store.events(EventFilter(lab: lab, kind: "job-failed", since: now - 86_400))
    #expect(all.events.count == 3 + old / 5_000)
    #expect(try await bench.store.events(EventFilter(lab: lab, since: now + 60)).events.isEmpty)
  }

  private func due(_ bench: Bench, to webhook: CreatedWebhook) async throws -> [String] {
    try await bench.store.takeDueDeliveries(limit: 100, sending: 30)
      .filter { $0.webhook == webhook.id }.map(\.message.event.kind)
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
