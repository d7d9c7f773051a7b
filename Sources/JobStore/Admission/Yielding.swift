import JobModel
import PostgresClient

extension JobStore {
  /// Takes tasks back that were asked to give way and have not within their time. It costs them no attempt.
  /// - Returns: how many became ready or wait again; they are announced.
  func takeOverdue() async throws -> Admitted {
    let overdue = try await pool.run { session in
      try session.execute(
        """
        SELECT id, lease_epoch FROM tasks
        WHERE finished_at IS NULL AND state = 'running' AND yield_by < now() ORDER BY yield_by LIMIT 100
        """
      ).map { Lease(task: try $0.get("id"), epoch: try $0.get("lease_epoch")) }
    }
    guard !overdue.isEmpty else { return .none }
    return Admitted(
      count: try await release(ReleaseRequest(leases: overdue, reason: "it did not give way in time")),
      lowest: nil)
  }
}
