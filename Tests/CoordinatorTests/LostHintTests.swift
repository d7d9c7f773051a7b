import CoordinatorClient
import JobModel
import JobStore
import PostgresClient
import Testing

/// Notifications are hints: without any of them work begins a little later.
@Suite struct LostHintTests {
  /// A store whose notifications go nowhere: pg_notify is another function for it.
  private func mute(_ queue: TestQueue) async throws -> JobStore {
    _ = try await queue.store.pool.run { session in
      try session.executeScript(
        """
        CREATE SCHEMA mute;
        CREATE FUNCTION mute.pg_notify(text, text) RETURNS void LANGUAGE sql AS 'SELECT';
        """)
    }
    return JobStore(
      pool: ConnectionPool(
        address: queue.store.pool.address, size: 2,
        settings: SessionSettings(others: ["search_path": "mute, pg_catalog, public"])))
  }

  @Test("what a coordinator is not told of it finds by looking, within the time of a look or two")
  func silence() async throws {
    try await TestQueue.run { queue in
      let mute = try await mute(queue)
      let member = try #require(try await mute.authenticate(secret: queue.memberSecret))
      let executor = GatedExecutor()
      try await queue.withWorker(executor, slots: 4) { _ in
        // Its claim waits at the coordinator by now.
        try await eventually { try await queue.member.workers().count == 1 }
        var delays: [Duration] = []
        for _ in 0..<3 {
          let start = ContinuousClock.now
          let job = try await mute.submit(SubmitRequest(spec: try TestQueue.spec()), by: member)
          try await eventually { executor.begun.contains { $0.job == job.id } }
          delays.append(.now - start)
          try await queue.succeeds(job.id)
        }
        #expect(delays.allSatisfy { $0 < .seconds(10) }, "\(delays)")
      }
      await mute.pool.close()
    }
  }
}
