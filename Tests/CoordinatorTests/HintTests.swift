import CoordinatorClient
import JobModel
import JobStore
import PostgresClient
import Testing
import WorkerRuntime

/// Waiting workers do not depend on being told, and what they say together is answered to each.
@Suite struct HintTests {
  private static func registration(_ name: String) -> RegisterRequest {
    RegisterRequest(
      name: name, host: "h", process: 1, version: "1", kinds: TaskKind.allCases, slots: 4)
  }

  @Test("work that became ready without anybody saying so is found by a claim that waits")
  func lostHint() async throws {
    try await TestQueue.run { queue in
      let job = try await queue.submit()
      _ = try await queue.member.change(job.id, ChangeJobRequest(paused: true))
      let session = try await queue.worker.register(Self.registration("waiter")).session
      let claim = Task {
        try await queue.worker.claim(
          ClaimRequest(session: session, kinds: TaskKind.allCases, limit: 1, waitSeconds: 20))
      }
      // As another coordinator would whose notification is lost.
      _ = try await queue.store.pool.transaction { connection in
        try connection.execute("UPDATE jobs SET paused_at = NULL WHERE id = $1", job.id)
        try connection.execute(
          "UPDATE tasks SET state = 'ready', not_before = NULL WHERE job_id = $1", job.id)
        return try connection.execute(
          "INSERT INTO ready (task_id, job_id, rank, kind) SELECT id, job_id, 0, kind FROM tasks WHERE job_id = $1",
          job.id
        ).affected
      }
      #expect(try await claim.value.tasks.map(\.job) == [job.id])
    }
  }

  @Test(
    "heartbeats that come together are answered to each: the living, the dead, and those of another token")
  func heartbeatsTogether() async throws {
    try await TestQueue.run { queue in
      _ = try await queue.submit()
      let sessions = try await withThrowingTaskGroup(of: SessionID.self) { group in
        for index in 0..<12 {
          group.addTask { try await queue.worker.register(Self.registration("w\(index)")).session }
        }
        return try await group.reduce(into: [SessionID]()) { $0.append($1) }
      }
      let holder = sessions[3]
      let held = try await queue.worker.claim(
        ClaimRequest(session: holder, kinds: TaskKind.allCases, limit: 1)
      ).tasks
      #expect(held.count == 1)
      try await queue.worker.endSession(EndSessionRequest(session: sessions[7]), patience: .brief)
      let stranger = try await queue.token(.worker, lab: "other")
      let replies = try await withThrowingTaskGroup(of: (SessionID, HeartbeatReply).self) { group in
        for session in sessions {
          group.addTask {
            let leases = session == holder ? held.map { HeartbeatRequest.Renewal($0.lease) } : []
            let client = session == sessions[9] ? stranger : queue.worker
            return (
              session,
              try await client.heartbeat(HeartbeatRequest(session: session, leases: leases), timeout: 10)
            )
          }
        }
        return try await group.reduce(into: [SessionID: HeartbeatReply]()) { $0[$1.0] = $1.1 }
      }
      for session in sessions {
        #expect(replies[session]?.sessionAlive == (session != sessions[7] && session != sessions[9]))
      }
      #expect(replies[holder]?.results.map(\.verdict) == [.renewed])
    }
  }

  @Test("tasks that end at the same moment are all done, and their job with them")
  func completionsTogether() async throws {
    try await TestQueue.run { queue in
      let executor = GatedExecutor(isOpen: false)
      let jobs = try await withThrowingTaskGroup(of: JobID.self) { group in
        for _ in 0..<6 { group.addTask { try await queue.submit().id } }
        return try await group.reduce(into: [JobID]()) { $0.append($1) }
      }
      try await queue.withWorker(executor, slots: 6) { _ in
        try await eventually { executor.begun.contains { $0.kind == .shard } }
        executor.open()
        for job in jobs { try await queue.succeeds(job) }
      }
    }
  }
}
