import Coordinator
import CoordinatorClient
import JobModel
import OrderedJSON
import Testing

/// Who may use which route, checked by walking all of them: a new route is covered as soon as it is described.
@Suite struct AccessTests {
  @Test("each role gets through to the routes of its scopes, and to no other", arguments: Role.allCases)
  func roles(role: Role) async throws {
    try await TestQueue.run { queue in
      let secret = try await queue.secret(role)
      for operation in try OpenAPIFile().operations {
        guard let scope = operation.scope else { continue }
        // An endless stream that may be opened would never answer.
        if operation.isStream, !operation.path.contains("{") { continue }
        let allowed = scope == "any" || role.scopes.contains { $0.rawValue == scope }
        // Numbers that name nothing: what is let through finds nothing to change.
        let (status, body) = try await queue.answer(operation.method, operation.filled([:]), secret: secret)
        if allowed {
          #expect(status != 401 && status != 403, "\(operation.name): \(body.serialized())")
        } else {
          #expect(status == 403, "\(operation.name): \(status) \(body.serialized())")
        }
      }
    }
  }

  @Test("whatever route another lab tries, a job is not there for it")
  func otherLabs() async throws {
    try await TestQueue.run { queue in
      let job = try await queue.submit()
      let file = try OpenAPIFile()
      for role in [Role.admin, .owner, .member, .viewer] {
        let stranger = try await queue.secret(role, lab: "another")
        for operation in file.operations where operation.path.contains("{job}") {
          guard role.scopes.contains(where: { $0.rawValue == operation.scope }) else { continue }
          let body = operation.requestSchema.map(file.smallest)
          let (status, answer) = try await queue.answer(
            operation.method, operation.filled(["job": job.id], otherwise: 1), body, secret: stranger)
          #expect(status == 404, "\(role): \(operation.name): \(answer.serialized())")
        }
        for list in ["/v1/jobs", "/v1/events"] {
          let (status, body) = try await queue.answer("GET", list, secret: stranger)
          let found = body["jobs"]?.array ?? body["events"]?.array
          #expect(status == 200 && found?.isEmpty == true, "\(role): \(list)")
        }
      }
      #expect(try await queue.member.job(job.id).job.state == .queued)
    }
  }

  @Test("of another lab's users and tokens an owner finds none")
  func otherLabsPeople() async throws {
    try await TestQueue.run { queue in
      let owner = try await queue.token(.owner)
      let stranger = try await queue.token(.owner, lab: "another")
      let token = try #require(try await owner.tokens().first)
      let user = try #require(try await owner.users().first)
      await refused(.notFound) { try await stranger.revokeToken(token.id) }
      await refused(.notFound) { _ = try await stranger.rotateToken(token.id, RotateTokenRequest()) }
      await refused(.notFound) {
        _ = try await stranger.changeUser(user.id, ChangeUserRequest(disabled: true))
      }
      await refused(.notFound) { _ = try await stranger.users(lab: "lab") }
      await refused(.notFound) { _ = try await stranger.tokens(lab: "lab") }
      await refused(.notFound) { _ = try await stranger.audit(EventQuery(lab: "lab")) }
      await refused(.notFound) { _ = try await stranger.audit(EventQuery(lab: "*")) }
      await refused(.notFound) {
        _ = try await stranger.createUser(CreateUserRequest(name: "eve", role: .owner, lab: "lab"))
      }
      #expect(try await stranger.labs().map(\.name) == ["another"])
      #expect(try await stranger.audit(EventQuery()).events.allSatisfy { $0.lab == "another" })
      let admin = try await queue.token(.admin, lab: "another")
      #expect(try await Set(admin.labs().map(\.name)) == ["lab", "another"])
      #expect(try await admin.users(lab: "lab").contains { $0.id == user.id })
      #expect(try await admin.audit(EventQuery(lab: "*")).events.contains { $0.lab == "lab" })
    }
  }
}
