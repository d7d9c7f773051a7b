import Coordinator
import CoordinatorClient
import FoundationEssentials
import JobModel
import Logging
import OrderedJSON
import Synchronization
import Testing

/// What stands between the API and the network.
@Suite struct ProtectionTests {
  private static func golden(_ name: String) -> String {
    let tests = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(2)
    return tests.joined(separator: "/") + "/Golden/tls/" + name
  }

  @Test(
    "a token that asks too often gets 429 with the time to wait; the client waits, others are not held up")
  func rate() async throws {
    var configuration = TestQueue.brisk
    configuration.rate = RateLimit(perSecond: 2, burst: 3)
    try await TestQueue.run(configuration: configuration) { queue in
      let secret = queue.memberSecret
      var statuses: [Int] = []
      for _ in 0..<6 { statuses.append(try await queue.answer("GET", "/v1/jobs", secret: secret).status) }
      #expect(statuses.prefix(3) == [200, 200, 200])
      #expect(statuses.contains(429))
      let refusal = await refused(.tooMany) {
        while true { _ = try await queue.client(secret, patience: .once).jobs() }
      }
      #expect(refusal?.code == "too-many-requests")
      // With patience the same call succeeds: nothing was done, so even a submission may be repeated.
      _ = try await queue.member.submit(SubmitRequest(spec: try TestQueue.spec()))
      #expect(try await queue.token(.viewer).jobs().count == 1)
      try await queue.withWorker(GatedExecutor()) { _ in
        // A fleet's token is not limited.
        for _ in 0..<20 { _ = try await queue.answer("GET", "/v1/me", secret: queue.workerSecret) }
        #expect(try await queue.answer("GET", "/v1/me", secret: queue.workerSecret).status == 200)
      }
    }
  }

  @Test(
    "streams of one token look no more often together than it may make requests, and hold up no other token")
  func pace() async throws {
    let pace = LookPace(RateLimit(perSecond: 50, burst: 500))
    let now = ContinuousClock.now
    let looks = (0..<500).map { _ in pace.due(for: 1, now: now) }
    #expect(looks.first == now)
    let last = try #require(looks.last)
    #expect((.seconds(9.9) ... .seconds(10)).contains(last - now))
    #expect(pace.due(for: 2, now: now) == now)
    // What was not used is not saved up.
    let later = now + .seconds(60)
    #expect(pace.due(for: 1, now: later) == later && pace.due(for: 1, now: later) > later)
    #expect(LookPace(RateLimit(perSecond: 0)).due(for: 1, now: now) == now)
  }

  @Test("a connection on which nobody asks for anything is closed; one that waits for its answer is not")
  func idleConnections() async throws {
    var configuration = TestQueue.brisk
    configuration.idleSeconds = 0.2
    try await TestQueue.run(configuration: configuration) { queue in
      let job = try await queue.submit()
      let waiting = Task { try await queue.member.wait(for: job.id, upTo: 30) }
      for beginning in ["", "GET /v1/me HTTP/1.1\r\nHost: a\r\nAuthor"] {
        let answer = try await LoopbackSocket.exchange(beginning, with: queue.url)
        #expect(answer.isEmpty, "\(answer)")
      }
      _ = try await queue.member.cancel(job.id)
      #expect(try await waiting.value.state == .cancelled)
    }
  }

  @Test(
    "over TLS a client that knows the certificate is served, and one that does not tells so and sends no token"
  )
  func tls() async throws {
    var configuration = TestQueue.brisk
    configuration.tls = TLSFiles(
      certificates: Self.golden("certificate.pem"), key: Self.golden("key.pem"))
    try await TestQueue.run(configuration: configuration) { queue in
      let url = queue.url
      #expect(url.hasPrefix("https://"))
      func client(_ url: String, authority: String?) -> CoordinatorClient {
        CoordinatorClient(url: url, token: queue.memberSecret, patience: .once, authority: authority)
      }
      let knowing = client(url, authority: Self.golden("certificate.pem"))
      let job = try await knowing.submit(SubmitRequest(spec: try TestQueue.spec()))
      #expect(try await knowing.job(job.id).job.id == job.id)
      let error = await refused(.unreachable) { _ = try await client(url, authority: nil).jobs() }
      #expect(error?.code == "untrusted" && error?.hint?.contains("--ca") == true, "\(error?.message ?? "")")
      let noCertificate = await refused(.unreachable) {
        _ = try await client(url, authority: Self.golden("key.pem")).jobs()
      }
      #expect(noCertificate?.code == "untrusted", "\(noCertificate?.message ?? "")")
      let plain = "http" + url.dropFirst("https".count)
      let unencrypted = await refused(.unreachable) { _ = try await client(plain, authority: nil).jobs() }
      #expect(unencrypted?.hint?.contains("https://") == true, "\(unencrypted?.message ?? "")")
    }
  }

  @Test("over https a client that meets a coordinator without TLS says so")
  func noTLS() async throws {
    try await TestQueue.run { queue in
      let client = CoordinatorClient(
        url: "https" + queue.url.dropFirst("http".count), token: queue.memberSecret, patience: .once)
      let error = await refused(.unreachable) { _ = try await client.jobs() }
      #expect(error?.code == "no-tls" && error?.hint?.contains("http://") == true, "\(error?.message ?? "")")
    }
  }

  @Test("a certificate with another's key is refused at the start, with both names")
  func wrongKey() async throws {
    try await TestQueue.run { queue in
      for (certificate, key) in [
        ("certificate.pem", "other-key.pem"), ("key.pem", "key.pem"), ("missing.pem", "key.pem"),
      ] {
        var configuration = TestQueue.brisk
        configuration.tls = TLSFiles(certificates: Self.golden(certificate), key: Self.golden(key))
        #expect { try Coordinator(store: queue.store, configuration: configuration) } throws: {
          "\($0)".contains(certificate)
        }
      }
    }
  }

  @Test(
    "a claim's answer says that its connection closes, a refusal too, so that no request goes out on it in vain"
  )
  func closing() async throws {
    try await TestQueue.run { queue in
      for (body, status) in [
        ("{}", "400"), (#"{"session": 1, "kinds": ["plan"], "limit": 1, "wait_seconds": 0}"#, "200"),
      ] {
        let request =
          "POST /v1/claim HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer \(queue.workerSecret)\r\n"
          + "Content-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
        let answer = try await LoopbackSocket.exchange(request, with: queue.url).lowercased()
        #expect(
          answer.hasPrefix("http/1.1 \(status) ") && answer.contains("\r\nconnection: close\r\n"), "\(answer)"
        )
      }
    }
  }

  @Test("no token's secret stands in the log, whatever is asked and however it fails")
  func secrets() async throws {
    let lines = Mutex<[String]>([])
    var logger = Logger(label: "test") { _ in
      CollectedLog { line in lines.withLock { $0.append(line) } }
    }
    logger.logLevel = .trace
    try await TestQueue.run(logger: logger) { queue in
      let admin = try await queue.secret(.admin)
      let created = try await queue.client(admin).createToken(
        CreateTokenRequest(user: "ada", role: .member))
      let rotated = try await queue.client(created.secret).rotateToken(created.id, RotateTokenRequest())
      let guessed = "ar1_" + String(repeating: "5", count: 64)
      let secrets = [
        queue.memberSecret, queue.workerSecret, admin, created.secret, rotated.secret, guessed,
      ]
      for secret in secrets {
        for operation in try OpenAPIFile().operations where !operation.isStream {
          _ = try await queue.answer(operation.method, operation.filled([:]), secret: secret)
        }
      }
      try await queue.withWorker(GatedExecutor()) { _ in try await queue.succeeds(try await queue.submit().id)
      }
      let text = lines.withLock { $0.joined(separator: "\n") }
      #expect(!text.isEmpty)
      for secret in secrets { #expect(!text.contains(secret.dropFirst(4))) }
      // Nor in what the database keeps.
      let stored = try await queue.store.pool.run { session in
        try secrets.map { secret in
          try session.execute(
            "SELECT 1 FROM events e, tokens t WHERE (e::text || t::text) LIKE '%' || $1 || '%' LIMIT 1",
            String(secret.dropFirst(4))
          ).count
        }
      }
      #expect(stored.allSatisfy { $0 == 0 })
    }
  }
}

/// Hands every line with its metadata on.
private struct CollectedLog: LogHandler {
  var metadata: Logger.Metadata = [:]
  var logLevel: Logger.Level = .trace
  let add: @Sendable (String) -> Void

  init(add: @escaping @Sendable (String) -> Void) { self.add = add }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: Logging.LogEvent) {
    add("\(event.level) \(event.message) \(metadata.merging(event.metadata ?? [:]) { $1 })")
  }
}
