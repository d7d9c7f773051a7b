import CoordinatorClient
import JobModel
import OrderedJSON
import PostgresClient
import Testing

/// What the API answers to requests good and bad.
@Suite struct CoordinatorAPITests {
  @Test("a job runs from its plan over its shards to its report")
  func roundTrip() async throws {
    try await TestQueue.run { queue in
      let job = try await queue.submit()
      #expect(job.state == .queued)
      try await queue.withWorker(GatedExecutor()) { _ in
        let ended = try await queue.end(of: job.id)
        #expect(ended.state == .succeeded)
        #expect(ended.tasks.succeeded == 5)
        #expect(ended.progress?.done == 30)
      }
      let detail = try await queue.member.job(job.id)
      let report = try #require(detail.tasks.first { $0.kind == .report })
      #expect(report.result?["sum"] == 6)
      #expect(try await queue.member.jobs(state: .succeeded).map(\.id) == [job.id])
    }
  }

  @Test("a wrong token gets 401, another lab's job 404, another role 403")
  func foreigners() async throws {
    try await TestQueue.run { queue in
      let job = try await queue.submit()
      await refused(.unauthorized) { _ = try await queue.client("ar1_wrong").job(job.id) }
      await refused(.unauthorized) { _ = try await queue.client("").jobs() }
      let stranger = try await queue.token(.member, lab: "another lab")
      await refused(.notFound) { _ = try await stranger.job(job.id) }
      await refused(.notFound) { _ = try await stranger.cancel(job.id) }
      await refused(.notFound) { _ = try await stranger.logs(of: job.id) }
      #expect(try await stranger.jobs().isEmpty)
      await refused(.forbidden) { _ = try await queue.worker.jobs() }
      await refused(.forbidden) {
        _ = try await queue.member.createToken(CreateTokenRequest(user: "eve", role: .admin))
      }
      let viewer = try await queue.token(.viewer)
      await refused(.forbidden) { _ = try await viewer.cancel(job.id) }
      #expect(try await viewer.job(job.id).job.id == job.id)
    }
  }

  @Test("an administrator's new token works until it is revoked")
  func tokens() async throws {
    try await TestQueue.run { queue in
      let admin = try await queue.token(.admin)
      let created = try await admin.createToken(CreateTokenRequest(user: "ada", role: .member))
      let ada = queue.client(created.secret)
      #expect(try await ada.jobs().isEmpty)
      try await admin.revokeToken(created.id)
      await refused(.unauthorized) { _ = try await ada.jobs() }
    }
  }

  @Test("bodies that are too large, torn, or of the wrong form are refused with words")
  func badBodies() async throws {
    try await TestQueue.run { queue in
      let tooLarge = [UInt8](repeating: UInt8(ascii: " "), count: 2 << 20)
      let large = await refused(.tooLarge) { try await queue.post("/v1/jobs", tooLarge) }
      #expect(large?.status == 413)

      let torn = await refused(.invalid) { try await queue.post("/v1/jobs", Array(#"{"spec": {"#.utf8)) }
      #expect(torn?.status == 400)
      #expect(torn?.message.contains("not valid JSON") == true)

      let wrong = #"{"spec":{"kind":"eval","model":"/m","data":"/d","output":"/o","shard_sise":4}}"#
      let unknown = await refused(.invalid) { try await queue.post("/v1/jobs", Array(wrong.utf8)) }
      #expect(unknown?.status == 422)
      #expect(unknown?.message.contains("unknown key 'shard_sise'") == true)
      #expect(unknown?.message.contains("did you mean 'shard_size'?") == true)

      let route = await refused(.notFound) { try await queue.post("/v1/nothing", []) }
      #expect(route?.code == "not-found")
    }
  }

  @Test("the same submission sent twice makes one job")
  func idempotency() async throws {
    try await TestQueue.run { queue in
      let request = SubmitRequest(spec: try TestQueue.spec(), idempotencyKey: "k")
      let first = try await queue.member.submit(request)
      let second = try await queue.member.submit(request)
      #expect(first.id == second.id)
    }
  }

  @Test("a stopped database costs 503, and everything goes on when it is back")
  func databaseOutage() async throws {
    try await TestQueue.run(ownServer: true) { queue in
      let job = try await queue.submit()
      let executor = GatedExecutor()
      try await queue.withWorker(executor) { _ in
        _ = try await queue.end(of: job.id)
        try await queue.stopDatabase()
        let refused = await refused(.unavailable) {
          _ = try await queue.client(queue.memberSecret, patience: .once).jobs()
        }
        #expect(refused?.status == 503)
        let waiting = Task { try await queue.client(queue.memberSecret, patience: .endless).jobs() }
        try await queue.startDatabase()
        #expect(try await waiting.value.map(\.id) == [job.id])
        let next = try await queue.submit()
        try await queue.succeeds(next.id)
      }
    }
  }

  @Test(
    "what the database takes too long over is said so: to who looks through the history, that less would do")
  func slowDatabase() async throws {
    try await TestQueue.run(statementTimeout: 1) { queue in
      let pool = ConnectionPool(address: queue.store.pool.address, size: 1)
      let (gate, open) = (DispatchGate(), DispatchGate())
      let holding = Task {
        try await pool.transaction { session in
          try session.executeScript("LOCK TABLE events IN ACCESS EXCLUSIVE MODE")
          gate.open()
          open.wait()
        }
      }
      await Task.detached { gate.wait() }.value
      let client = queue.client(queue.memberSecret, patience: .once)
      let history = await refused(.invalid) { _ = try await client.events(EventQuery()) }
      #expect(history?.code == "too-much")
      #expect(history?.hint?.contains("--since") == true)
      let write = await refused(.unavailable) {
        _ = try await client.submit(SubmitRequest(spec: try TestQueue.spec()))
      }
      #expect(write?.code == "database-slow")
      open.open()
      try await holding.value
      #expect(try await client.events(EventQuery()).events.isEmpty)
      await pool.close()
    }
  }

  @Test("the routes of a job's tasks and steps give what the whole job has, and only to its lab")
  func partsOfAJob() async throws {
    try await TestQueue.run { queue in
      let job = try await queue.submit()
      let path = "/v1/jobs/\(job.id)"
      let whole = try await queue.answer("GET", path, secret: queue.memberSecret).body
      let tasks = try await queue.answer("GET", path + "/tasks", secret: queue.memberSecret)
      #expect(tasks.status == 200 && tasks.body["tasks"] == whole["tasks"] && tasks.body["next"] == nil)
      #expect(tasks.body["tasks"]?.array?.isEmpty == false)
      for wrong in ["limit=0", "limit=1001", "after=-1", "after=x"] {
        let refused = try await queue.answer("GET", path + "/tasks?\(wrong)", secret: queue.memberSecret)
        #expect(refused.status == 400, "\(wrong)")
      }
      let elsewhere = try await queue.answer(
        "GET", path + "/tasks?after=999999", secret: queue.memberSecret)
      #expect(elsewhere.status == 404)
      let steps = try await queue.answer("GET", path + "/steps?after=2147483647", secret: queue.memberSecret)
      #expect(steps.status == 200 && steps.body == [])
      let stranger = try await queue.secret(.member, lab: "another")
      for part in ["/tasks", "/steps"] {
        #expect(try await queue.answer("GET", path + part, secret: stranger).status == 404)
      }
    }
  }

  @Test("no coordinator at all is said so")
  func unreachable() async throws {
    let client = CoordinatorClient(url: "http://127.0.0.1:1", token: "x", patience: .once)
    let error = await refused(.unreachable) { _ = try await client.jobs() }
    #expect(error?.message.contains("no coordinator answers at http://127.0.0.1:1") == true)
  }
}
