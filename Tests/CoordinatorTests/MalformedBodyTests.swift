import CoordinatorClient
import JobModel
import OrderedJSON
import Testing

/// Bodies that nobody means, made at random from the described ones: each costs a refusal and nothing else.
@Suite struct MalformedBodyTests {
  @Test("whatever is put in place of a value, a route answers with less than 500 and the coordinator goes on")
  func values() async throws {
    try await TestQueue.run { queue in
      let file = try OpenAPIFile()
      let admin = try await queue.secret(.admin)
      let job = try await queue.submit()
      for (number, operation) in file.operations.enumerated() {
        guard let schema = operation.requestSchema else { continue }
        var random = Dice(seed: UInt64(number))
        let secret = operation.scope == "work" ? queue.workerSecret : admin
        for _ in 0..<25 {
          let body = random.spoilt(file.smallest(schema))
          let (status, answer) = try await queue.answer(
            operation.method, operation.filled(["job": job.id]), body, secret: secret)
          #expect(status < 500, "\(operation.name) \(body.serialized().prefix(300)): \(answer.serialized())")
        }
      }
      #expect(try await queue.member.jobs().contains { $0.id == job.id })
    }
  }

  @Test("a body that breaks off or is no HTTP is its sender's fault, not the coordinator's")
  func brokenBodies() async throws {
    try await TestQueue.run { queue in
      for body in [
        "Transfer-Encoding: chunked\r\n\r\nzz\r\n", "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
      ] {
        let request =
          "POST /v1/jobs HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer \(queue.memberSecret)\r\n" + body
        let answer = try await LoopbackSocket.exchange(request, with: queue.url)
        #expect(answer.hasPrefix("HTTP/1.1 400 "), "\(answer)")
      }
    }
  }

  @Test("of a value that the database refuses its sentence is told, and neither rows nor statements")
  func refusedValues() async throws {
    try await TestQueue.run { queue in
      _ = try await queue.submit()
      let session = try await queue.worker.register(
        RegisterRequest(name: "w", host: "h", process: 1, version: "1", kinds: TaskKind.allCases, slots: 1))
      let task = try #require(
        try await queue.worker.claim(
          ClaimRequest(session: session.session, kinds: TaskKind.allCases, limit: 1)
        ).tasks.first)
      // More than an index takes, and of a kind that does not pack.
      var dice = Dice(seed: 7)
      let path = "/" + String(String.UnicodeScalarView((0..<4_000).map { _ in dice.letter() }))
      let (status, answer) = try await queue.answer(
        "POST", "/v1/tasks/\(task.id)/complete",
        try JSON(
          encoding: CompleteRequest(
            lease: task.lease,
            artifacts: [
              Artifact(
                path: path, sha256: String(repeating: "0", count: 64), bytes: 1, epoch: task.epoch,
                kind: "file")
            ])),
        secret: queue.workerSecret)
      #expect(status == 422, "\(answer.serialized())")
      let message = answer["error"]?["message"]?.string ?? ""
      #expect(message.hasPrefix("a value of the request cannot be stored: index row"), "\(message)")
      #expect(
        !message.contains("INSERT") && !message.contains("DETAIL") && !message.contains(path.prefix(20)))
    }
  }

  @Test("numbers, cursors and texts in paths and queries that are none are refused by name")
  func queries() async throws {
    try await TestQueue.run { queue in
      let secret = queue.memberSecret
      for path in [
        "/v1/jobs/x", "/v1/jobs/0", "/v1/jobs/-1", "/v1/jobs/99999999999999999999", "/v1/jobs/1'%20OR%201=1",
        "/v1/jobs?limit=0", "/v1/jobs?limit=1001", "/v1/jobs?before=x", "/v1/jobs?state=sleeping",
        "/v1/jobs/1/logs?after=-1", "/v1/jobs/1/wait?seconds=nan", "/v1/events?since=x",
        "/v1/events?kind=" + String(repeating: "k", count: 501), "/v1/events?kind=a%0Ab",
      ] {
        let (status, body) = try await queue.answer("GET", path, secret: secret)
        #expect(status == 400, "\(path): \(body.serialized())")
      }
      // Text from outside never becomes part of a statement.
      for user in ["' OR '1'='1", "%", "\\", "Ä; DROP TABLE events"] {
        #expect(try await queue.member.events(EventQuery(user: user)).events.isEmpty)
      }
    }
  }
}

/// A seeded source of mistakes.
private struct Dice {
  private var state: UInt64

  init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 1 }

  private mutating func roll(_ sides: Int) -> Int {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return Int(state % UInt64(sides))
  }

  mutating func letter() -> Unicode.Scalar { Unicode.Scalar(UInt8(ascii: "a") + UInt8(roll(26))) }

  private mutating func anything() -> JSON {
    switch roll(14) {
    case 0: .null
    case 1: .bool(roll(2) == 0)
    case 2: .integer(-1)
    case 3: .integer(.max)
    case 4: .integer(.min)
    case 5: .integer(1 << 40)
    case 6: .number(1e300)
    case 7: .number(-0.5)
    case 8: .string("")
    case 9: .string("nul \u{0} and \u{202E} and \u{1F600}")
    case 10: .string(String(repeating: "long ", count: 5_000))
    case 11: .array((0..<50).reduce(JSON.null) { inner, _ in .array([inner]) }.array ?? [])
    case 12: .object([JSON.Member("unknown", .integer(1)), JSON.Member("", .null)])
    default: .string("'; DROP TABLE jobs; --")
    }
  }

  /// The value with one or more of its parts replaced, at any depth.
  mutating func spoilt(_ value: JSON) -> JSON {
    if roll(4) == 0 { return anything() }
    switch value {
    case .object(var members) where !members.isEmpty:
      let index = roll(members.count)
      members[index] = JSON.Member(members[index].key, spoilt(members[index].value))
      if roll(3) == 0 { members.append(members[roll(members.count)]) }
      return .object(members)
    case .array(let values): return .array(values + [anything()])
    default: return anything()
    }
  }
}
