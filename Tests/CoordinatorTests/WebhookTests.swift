import Coordinator
import CoordinatorClient
import Digests
import Glibc
import JobModel
import OrderedJSON
import Testing

/// What receivers of events get.
@Suite struct WebhookTests {
  private func withWebhooks(_ body: (TestQueue, WebhookReceiver) async throws -> Void) async throws {
    var configuration = TestQueue.brisk
    configuration.webhookPause = 0.2
    try await TestQueue.run(configuration: configuration) { queue in
      try await WebhookReceiver.run { receiver in try await body(queue, receiver) }
    }
  }

  @Test("a lab's events are posted, signed, in full, and to nobody else's receiver")
  func delivery() async throws {
    try await withWebhooks { queue, receiver in
      let owner = try await queue.token(.owner)
      let hook = try await owner.createWebhook(CreateWebhookRequest(url: receiver.url))
      let stranger = try await queue.token(.member, lab: "another")
      _ = try await stranger.submit(SubmitRequest(spec: try TestQueue.spec()))
      let job = try await queue.submit()
      _ = try await queue.member.cancel(job.id, reason: "wrong data")
      try await eventually { receiver.taken.count == 2 }
      for post in receiver.taken {
        // "t=…,v1=…"
        let parts = post.signature.split(separator: ",").map { $0.drop { $0 != "=" }.dropFirst() }
        try #require(parts.count == 2)
        let signed = Array("\(parts[0]).".utf8) + post.body
        #expect(parts[1] == HMACSHA256.code(of: signed, key: Array(hook.secret.utf8)).hexadecimal)
      }
      let messages = try receiver.taken.map { try JSON(parsing: $0.body).decode(WebhookMessage.self) }
      #expect(Set(messages.map(\.event.kind)) == ["job-submitted", "job-cancelled"])
      #expect(messages.allSatisfy { $0.event.job == job.id && $0.event.lab == "lab" })
      #expect(messages.contains { $0.event.message == "by member: wrong data" && $0.event.user == "member" })
      try await eventually { try await owner.webhooks().first?.delivered == 2 }
      #expect(try await owner.webhooks().first?.pending == 0)
      try await owner.deleteWebhook(hook.id)
      #expect(try await owner.webhooks().isEmpty)
    }
  }

  @Test("a receiver that is down or refuses gets the event later, over a restart of the coordinator")
  func retries() async throws {
    try await withWebhooks { queue, receiver in
      let owner = try await queue.token(.owner)
      _ = try await owner.createWebhook(
        CreateWebhookRequest(url: receiver.url, kinds: ["job-submitted"]))
      receiver.answer(with: 500)
      let job = try await queue.submit()
      _ = try await queue.member.cancel(job.id)
      try await eventually { try await owner.webhooks().first?.lastError?.contains("500") == true }
      #expect(try await owner.webhooks().first?.pending == 1)
      try await queue.restartCoordinator()
      receiver.answer(with: 204)
      try await eventually { try await owner.webhooks().first?.delivered == 1 }
      let messages = try receiver.taken.map { try JSON(parsing: $0.body).decode(WebhookMessage.self) }
      #expect(Set(messages.map(\.delivery)).count == 1, "every try carries the same number")
      #expect(messages.last?.event.kind == "job-submitted")
    }
  }

  @Test("why a receiver was not reached is told in words")
  func unreachable() async throws {
    try await withWebhooks { queue, _ in
      let owner = try await queue.token(.owner)
      _ = try await owner.createWebhook(CreateWebhookRequest(url: "http://127.0.0.1:1/"))
      _ = try await queue.submit()
      try await eventually {
        try await owner.webhooks().first?.lastError?.hasPrefix("no connection (") == true
      }
    }
  }

  @Test(
    "where the network reaches the coordinator, webhooks do not reach what its machine alone does, by whatever name"
  )
  func ownMachine() async throws {
    var configuration = TestQueue.brisk
    configuration.host = "0.0.0.0"
    try await TestQueue.run(configuration: configuration) { queue in
      try await WebhookReceiver.run { receiver in
        let owner = try await queue.token(.owner)
        let names = [
          "127.0.0.1", "localhost", "0.0.0.0", "[::ffff:127.0.0.1]", "2130706433", "127.9", "169.254.169.254",
        ]
        for name in names {
          let url = receiver.url.replacing("127.0.0.1", with: name)
          _ = try await owner.createWebhook(CreateWebhookRequest(url: url))
        }
        _ = try await queue.submit()
        try await eventually { try await owner.webhooks().allSatisfy { $0.lastError != nil } }
        for hook in try await owner.webhooks() {
          #expect(hook.lastError?.contains("give one that the network knows") == true, "\(hook)")
        }
        #expect(receiver.taken.isEmpty)
      }
    }
  }

  @Test("a receiver that hangs does not keep another lab's events waiting")
  func hangingReceiver() async throws {
    let silent = try #require(LoopbackSocket.silentListener())
    defer { close(silent.end) }
    try await withWebhooks { queue, receiver in
      let (owner, other) = (try await queue.token(.owner), try await queue.token(.owner, lab: "another"))
      _ = try await owner.createWebhook(CreateWebhookRequest(url: "http://127.0.0.1:\(silent.port)/"))
      _ = try await other.createWebhook(
        CreateWebhookRequest(url: receiver.url, kinds: ["job-submitted"]))
      let jobs = 40
      for _ in 0..<jobs {
        _ = try await queue.submit()
        _ = try await other.submit(SubmitRequest(spec: try TestQueue.spec()))
      }
      // Long before the hanging ones, a few at a time, would have been given up.
      try await eventually { try await other.webhooks().first?.delivered == jobs }
      #expect(try await owner.webhooks().first?.delivered == 0)
    }
  }

  @Test("kinds of events that are none are refused, with what they were meant to be")
  func kinds() async throws {
    try await TestQueue.run { queue in
      let owner = try await queue.token(.owner)
      let added = await refused(.invalid) {
        _ = try await owner.createWebhook(
          CreateWebhookRequest(url: "https://a.example/", kinds: ["job-faild"]))
      }
      #expect(added?.message.contains("did you mean 'job-failed'?") == true, "\(String(describing: added))")
      await refused(.invalid) { _ = try await owner.events(EventQuery(kind: "foo")) }
      await refused(.invalid) { _ = try await owner.audit(EventQuery(kind: "foo")) }
      #expect(try await owner.events(EventQuery(kind: "job-failed")).events.isEmpty)
    }
  }

  @Test("addresses that are none are refused")
  func addresses() async throws {
    try await TestQueue.run { queue in
      let owner = try await queue.token(.owner)
      for url in ["", "ftp://x", "file:///etc/passwd", "http://a b", "javascript:1"] {
        await refused(.invalid) { _ = try await owner.createWebhook(CreateWebhookRequest(url: url)) }
      }
    }
  }
}
