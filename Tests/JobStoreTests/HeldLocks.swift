import Dispatch
import PostgresClient

extension Bench {
  /// Runs `body` while a transaction beside it holds what it has locked.
  func withLocks(
    _ lock: @escaping @Sendable (Session) throws -> Void, _ body: () async throws -> Void
  ) async throws {
    let pool = ConnectionPool(address: address, size: 1)
    let (held, letGo) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
    let holding = Task {
      defer { held.signal() }
      try await pool.transaction { session in
        try lock(session)
        held.signal()
        letGo.wait()
      }
    }
    await withCheckedContinuation { continuation in
      DispatchQueue.global().async {
        held.wait()
        continuation.resume()
      }
    }
    let result: Result<Void, any Error>
    do { result = .success(try await body()) } catch { result = .failure(error) }
    letGo.signal()
    try await holding.value
    await pool.close()
    try result.get()
  }
}
