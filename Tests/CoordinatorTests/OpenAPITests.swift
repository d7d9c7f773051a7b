import Coordinator
import CoordinatorClient
import JobModel
import OrderedJSON
import Testing

/// The API is what its description says, and the description says all of it.
@Suite struct OpenAPITests {
  @Test("every route is described, and every described route exists")
  func routes() async throws {
    try await TestQueue.run { queue in
      let described = try OpenAPIFile().operations.map(\.name).sorted()
      #expect(described == Coordinator.routes(store: queue.store))
      let served = try await queue.answer("GET", "/v1/openapi.json", secret: "")
      #expect(served.status == 200)
      #expect(served.body["openapi"] == "3.1.0")
    }
  }

  @Test("what the routes answer has the described form")
  func answers() async throws {
    try await TestQueue.run { queue in
      let file = try OpenAPIFile()
      let admin = try await queue.secret(.admin)
      let done = try await queue.submit()
      let waiting: JobRecord
      do {
        try await queue.withWorker(GatedExecutor()) { _ in try await queue.succeeds(done.id) }
        waiting = try await queue.submit()
      }
      for operation in file.operations where operation.method == "GET" && !operation.isStream {
        for job in [done.id, waiting.id] {
          let path = operation.filled(["job": job, "step": 1])
          let (status, body) = try await queue.answer("GET", path, secret: admin)
          // A job without learner has no step, and no route may call that a success.
          if operation.path.contains("{step}") {
            #expect(status == 422, "\(operation.name)")
            continue
          }
          #expect(status == 200, "\(operation.name): \(body.serialized())")
          if let schema = operation.responseSchema {
            #expect(file.problems(of: body, as: schema) == [], "\(operation.name)")
          }
        }
      }
    }
  }

  @Test(
    "a body with the required keys alone is understood, and without any one of them it is refused by name")
  func bodies() async throws {
    try await TestQueue.run { queue in
      let file = try OpenAPIFile()
      let admin = try await queue.secret(.admin)
      for operation in file.operations {
        guard let schema = operation.requestSchema else { continue }
        let secret = operation.scope == "work" ? queue.workerSecret : admin
        // Path and body must name the same task or session.
        let path = operation.filled([:])
        let body = file.smallest(schema)
        let (status, answer) = try await queue.answer(operation.method, path, body, secret: secret)
        #expect(
          status != 400 && status < 500, "\(operation.name) \(body.serialized()): \(answer.serialized())")
        for key in file.requiredKeys(schema) {
          let torn = JSON.object((body.members ?? []).filter { $0.key != key })
          let (status, answer) = try await queue.answer(operation.method, path, torn, secret: secret)
          #expect(status == 400, "\(operation.name) without \(key): \(answer.serialized())")
          #expect(answer["error"]?["message"]?.string?.contains("'\(key)'") == true, "\(answer.serialized())")
        }
        for wrong: JSON in [.array([]), .string("x"), .integer(1), .null] {
          let (status, _) = try await queue.answer(operation.method, path, wrong, secret: secret)
          #expect(status == 400, "\(operation.name) with \(wrong.serialized())")
        }
      }
    }
  }

  @Test("every refusal has the described form")
  func refusals() async throws {
    try await TestQueue.run { queue in
      let file = try OpenAPIFile()
      let error: JSON = ["$ref": "#/components/schemas/Error"]
      for operation in file.operations where operation.scope != nil {
        let (status, body) = try await queue.answer(
          operation.method, operation.filled([:]), secret: "ar1_" + String(repeating: "0", count: 64))
        #expect(status == 401, "\(operation.name)")
        #expect(file.problems(of: body, as: error) == [], "\(operation.name)")
      }
    }
  }
}
