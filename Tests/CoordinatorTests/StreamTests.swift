import CoordinatorClient
import JobModel
import JobStore
import PostgresClient
import Synchronization
import Testing

/// Events and progress as they happen.
@Suite struct StreamTests {
  @Test("following the events shows what happens from then on, each once and over a change of coordinator")
  func events() async throws {
    try await TestQueue.run { queue in
      let before = try await queue.submit()
      let stranger = try await queue.token(.member, lab: "another")
      let seen = Mutex<[EventRecord]>([])
      let following = Task {
        try await queue.member.followEvents { event in seen.withLock { $0.append(event) } }
      }
      // Until the stream stands nothing can be expected of it.
      try await eventually {
        _ = try await queue.member.cancel(try await queue.submit().id)
        return seen.withLock { !$0.isEmpty }
      }
      try await queue.restartCoordinator()
      let job = try await queue.submit()
      _ = try await stranger.submit(SubmitRequest(spec: try TestQueue.spec()))
      try await queue.withWorker(GatedExecutor()) { _ in try await queue.succeeds(job.id) }
      try await eventually {
        seen.withLock { $0.contains { $0.job == job.id && $0.kind == "job-succeeded" } }
      }
      following.cancel()
      _ = await following.result
      let events = seen.withLock { $0 }
      #expect(Set(events.map(\.id)).count == events.count, "an event came twice")
      #expect(events.allSatisfy { $0.lab == "lab" })
      // The worker also did the first job; that it was submitted lies before.
      #expect(!events.contains { $0.job == before.id && $0.kind == "job-submitted" })
      let stored = try await queue.member.events(EventQuery(job: job.id)).events
      #expect(
        Set(events.filter { $0.job == job.id }.map(\.id)) == Set(stored.map(\.id)), "an event was missed")
    }
  }

  @Test("a stream ends when its token is revoked, and shows nothing that happens later")
  func revocation() async throws {
    try await TestQueue.run { queue in
      let reader = try await queue.token(.viewer)
      let token = try await reader.me().token
      let seen = Mutex<[EventRecord]>([])
      let following = Task {
        try await reader.followEvents { event in seen.withLock { $0.append(event) } }
      }
      try await eventually {
        _ = try await queue.submit()
        return seen.withLock { !$0.isEmpty }
      }
      _ = try await queue.token(.owner).revokeToken(token)
      // It ends with the next sign of life, and cannot be taken up again.
      guard case .failure = await following.result else {
        Issue.record("the stream ended as if nothing were wrong")
        return
      }
      let count = seen.withLock { $0.count }
      _ = try await queue.submit()
      #expect(seen.withLock { $0.count } == count)
    }
  }

  @Test(
    "who follows the events sees them all, also where more happen in a moment than are looked at together")
  func veryMany() async throws {
    try await TestQueue.run { queue in
      let lab = try await queue.member.me().lab
      let seen = Mutex<[EventRecord]>([])
      let following = Task {
        try await queue.member.followEvents { event in seen.withLock { $0.append(event) } }
      }
      try await eventually {
        _ = try await queue.submit()
        return seen.withLock { !$0.isEmpty }
      }
      let many = 10_100
      try await queue.store.pool.run { session in
        _ = try session.execute(
          """
          INSERT INTO events (lab_id, job_id, kind, message) SELECT $1, 1, 'job-note', '' FROM generate_series(1, $2)
          """, lab, many)
      }
      try await eventually { seen.withLock { $0.count { $0.kind == "job-note" } } >= many }
      let job = try await queue.submit()
      try await eventually { seen.withLock { $0.contains { $0.job == job.id } } }
      following.cancel()
      _ = await following.result
      let ids = seen.withLock { $0.map(\.id) }
      #expect(Set(ids).count == ids.count, "an event came twice")
    }
  }

  @Test("a tail that begins among more events than are looked at together sees what happens next")
  func beginningAmongMany() async throws {
    try await TestQueue.run { queue in
      let lab = try await queue.member.me().lab
      try await queue.store.pool.run { session in
        _ = try session.execute(
          """
          INSERT INTO events (lab_id, job_id, kind, message) SELECT $1, 1, 'job-note', '' FROM generate_series(1, 10100)
          """, lab)
      }
      var tail = try await queue.store.eventTail(lab: lab, from: nil)
      #expect(tail.known.count == 10_100)
      let job = try await queue.submit()
      #expect(try await queue.store.newEvents(&tail).map(\.job) == [job.id])
    }
  }

  @Test("an event whose transaction commits after a younger one is not missed")
  func lateCommit() async throws {
    try await TestQueue.run { queue in
      let member = try await queue.member.me()
      var tail = try await queue.store.eventTail(lab: member.lab, from: nil)
      let pool = ConnectionPool(address: queue.store.pool.address, size: 2)
      let (gate, open) = (DispatchGate(), DispatchGate())
      let slow = Task {
        try await pool.transaction { session in
          try session.execute(
            "INSERT INTO events (lab_id, job_id, kind, message) VALUES ($1, 1, 'job-older', '')", member.lab)
          gate.open()
          open.wait()
        }
      }
      await Task.detached { gate.wait() }.value
      let job = try await queue.submit()
      let first = try await queue.store.newEvents(&tail)
      #expect(first.map(\.job) == [job.id])
      open.open()
      try await slow.value
      // Late ones are looked for about once a second.
      var second: [EventRecord] = []
      try await eventually {
        second = try await queue.store.newEvents(&tail)
        return !second.isEmpty
      }
      #expect(second.map(\.kind) == ["job-older"])
      #expect(try #require(second.first).id < #require(first.first).id)
      #expect(try await queue.store.newEvents(&tail).isEmpty)
      await pool.close()
    }
  }
}
