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
