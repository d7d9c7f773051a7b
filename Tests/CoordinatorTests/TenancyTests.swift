import Coordinator
import CoordinatorClient
import JobModel
import JobStore
import Testing

/// Labs, users and tokens over the API.
@Suite struct TenancyTests {
  @Test(
    "a token allows what its role, its scopes and its user's role have in common, from one request to the next"
  )
  func scopes() async throws {
    try await TestQueue.run { queue in
      let owner = try await queue.token(.owner)
      let user = try await owner.createUser(CreateUserRequest(name: "ada", role: .member))
      let narrow = try await owner.createToken(
        CreateTokenRequest(user: "ada", role: .member, scopes: [.read], note: "dashboard"))
      let whole = try await owner.createToken(CreateTokenRequest(user: "ada", role: .member))
      #expect(try await queue.client(narrow.secret).me().scopes == [.read])
      #expect(try await queue.client(whole.secret).me().scopes == [.read, .submit])
      let request = SubmitRequest(spec: try TestQueue.spec())
      await refused(.forbidden) { _ = try await queue.client(narrow.secret).submit(request) }
      _ = try await queue.client(whole.secret).submit(request)
      await refused(.conflict) {
        _ = try await owner.createToken(CreateTokenRequest(user: "ada", role: .owner))
      }
      await refused(.invalid) {
        _ = try await owner.createToken(CreateTokenRequest(user: "ada", role: .viewer, scopes: [.submit]))
      }
      _ = try await owner.changeUser(user.id, ChangeUserRequest(role: .viewer))
      await refused(.forbidden) { _ = try await queue.client(whole.secret).submit(request) }
      #expect(try await queue.client(whole.secret).jobs().count == 1)
      _ = try await owner.changeUser(user.id, ChangeUserRequest(disabled: true))
      await refused(.unauthorized) { _ = try await queue.client(whole.secret).jobs() }
      _ = try await owner.changeUser(user.id, ChangeUserRequest(disabled: false))
      #expect(try await queue.client(whole.secret).jobs().count == 1)
      let listed = try #require(try await owner.tokens().first { $0.id == narrow.id })
      #expect(listed.scopes == [.read] && listed.note == "dashboard" && listed.works)
      #expect(listed.lastUsedAt != nil)
    }
  }

  @Test("an owner hands out what concerns her lab, and reaches nothing above her")
  func owners() async throws {
    try await TestQueue.run { queue in
      let owner = try await queue.token(.owner)
      let admin = try await queue.token(.admin)
      for role in [Role.admin, .worker] {
        await refused(.forbidden) {
          _ = try await owner.createToken(CreateTokenRequest(user: "new", role: role))
        }
        await refused(.forbidden) {
          _ = try await owner.createUser(CreateUserRequest(name: "new", role: role))
        }
      }
      let above = try await admin.me()
      // A rotated token would speak with the administrator's rights.
      await refused(.forbidden) { _ = try await owner.rotateToken(above.token, RotateTokenRequest()) }
      await refused(.forbidden) { try await owner.revokeToken(above.token) }
      await refused(.forbidden) {
        _ = try await owner.changeUser(above.user, ChangeUserRequest(disabled: true))
      }
      let own = try await owner.me()
      await refused(.conflict) { _ = try await owner.changeUser(own.user, ChangeUserRequest(role: .owner)) }
      await refused(.forbidden) { try await owner.createLab(CreateLabRequest(name: "mine")) }
      _ = try await admin.createToken(CreateTokenRequest(user: "node", role: .worker))
    }
  }

  @Test("a rotated token's successor has its rights, and the old one ends with the overlap")
  func rotation() async throws {
    try await TestQueue.run { queue in
      // A worker rotates its own token, though it may administer nothing.
      let worker = queue.worker
      let first = try await worker.me()
      let second = try await worker.rotateToken(first.token, RotateTokenRequest(overlap: 3_600))
      let successor = queue.client(second.secret)
      #expect(try await successor.me().scopes == first.scopes)
      #expect(try await successor.me().user == first.user)
      #expect(try await worker.me().token == first.token)
      let third = try await successor.rotateToken(second.id, RotateTokenRequest())
      await refused(.unauthorized) { _ = try await successor.me() }
      await refused(.notFound) {
        _ = try await queue.client(third.secret).rotateToken(first.token, RotateTokenRequest())
      }
    }
  }

  @Test("a closed lab is refused until it is opened, and nobody closes the lab she stands in")
  func closing() async throws {
    try await TestQueue.run { queue in
      let admin = try await queue.token(.admin, lab: "operations")
      let member = try await queue.token(.member, lab: "welding")
      let lab = try #require(try await admin.labs().first { $0.name == "welding" })
      _ = try await admin.changeLab(lab.id, ChangeLabRequest(closed: true))
      await refused(.unauthorized) { _ = try await member.jobs() }
      #expect(try await admin.labs().first { $0.name == "welding" }?.closedAt != nil)
      _ = try await admin.changeLab(lab.id, ChangeLabRequest(closed: false))
      #expect(try await member.jobs().isEmpty)
      let own = try #require(try await admin.labs().first { $0.name == "operations" })
      await refused(.conflict) { _ = try await admin.changeLab(own.id, ChangeLabRequest(closed: true)) }
      for name in ["", ".", "..", "a/b", ".hidden", "two\nlines"] {
        await refused(.invalid) { try await admin.createLab(CreateLabRequest(name: name)) }
      }
    }
  }

  @Test("the audit log says who did what to whom, and why")
  func audit() async throws {
    try await TestQueue.run { queue in
      let owner = try await queue.token(.owner)
      let job = try await queue.submit()
      _ = try await queue.member.cancel(job.id, reason: "wrong data")
      let token = try await owner.createToken(CreateTokenRequest(user: "ada", role: .viewer))
      try await owner.revokeToken(token.id, reason: "laptop lost")
      let events = try await owner.audit(EventQuery()).events
      let cancelled = try #require(events.first { $0.kind == "job-cancelled" })
      #expect(cancelled.user == "member" && cancelled.job == job.id)
      #expect(cancelled.message == "by member: wrong data")
      let revoked = try #require(events.first { $0.kind == "token-revoked" })
      #expect(revoked.user == "owner of lab" && revoked.message == "token \(token.id) of ada: laptop lost")
      #expect(try await owner.audit(EventQuery(user: "member")).events.allSatisfy { $0.user == "member" })
      await refused(.forbidden) { _ = try await queue.member.audit(EventQuery()) }
      let seen = try await queue.member.events(EventQuery()).events
      #expect(seen.allSatisfy { $0.job != nil } && seen.contains { $0.kind == "job-cancelled" })
    }
  }

  @Test("a job's history has every change of its state, in order")
  func history() async throws {
    try await TestQueue.run { queue in
      let job = try await queue.submit()
      _ = try await queue.member.cancel(job.id)
      _ = try await queue.member.retry(job.id)
      try await queue.withWorker(GatedExecutor()) { _ in try await queue.succeeds(job.id) }
      let events = try await queue.member.events(EventQuery(job: job.id)).events.reversed()
      #expect(
        events.map(\.kind).filter { $0.hasPrefix("job-") }
          == ["job-submitted", "job-cancelled", "job-retried", "job-started", "job-succeeded"])
      #expect(events.map(\.id) == events.map(\.id).sorted())
    }
  }

  @Test("lists come in pages, and the pages together are the list")
  func pages() async throws {
    try await TestQueue.run { queue in
      let admin = try await queue.token(.admin)
      for number in 1...5 {
        _ = try await admin.createUser(CreateUserRequest(name: "user \(number)", role: .viewer))
        _ = try await admin.createToken(CreateTokenRequest(user: "user \(number)", role: .viewer))
        _ = try await queue.submit()
      }
      let secret = try await queue.secret(.admin)
      for (path, key, number) in [
        ("/v1/users", "users", "id"), ("/v1/tokens", "tokens", "id"), ("/v1/jobs", "jobs", "id"),
        ("/v1/events", "events", "id"), ("/v1/audit", "events", "id"),
      ] {
        var seen: [Int] = []
        var before = ""
        var pages = 0
        while true {
          let (status, page) = try await queue.answer("GET", "\(path)?limit=2\(before)", secret: secret)
          #expect(status == 200, "\(path)")
          let part = (page[key]?.array ?? []).compactMap { $0[number]?.int }
          #expect(part.count <= 2)
          seen += part
          pages += 1
          guard let next = page["next"]?.int else { break }
          before = "&before=\(next)"
        }
        #expect(pages >= 3, "\(path)")
        let whole = try await queue.answer("GET", "\(path)?limit=1000", secret: secret).body
        #expect(seen == (whole[key]?.array ?? []).compactMap { $0[number]?.int }, "\(path)")
      }
    }
  }
}
