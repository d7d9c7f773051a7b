import PostgresClient
import Synchronization

/// Sends NOTIFY, debounced.
///
/// A NOTIFY inside a transaction takes a lock that all committing transactions share, which ends group commit;
/// so hints go out alone, after the commit, and at most one per short interval. They may be lost: pollers do not
/// rely on them.
final class ReadyHint: Sendable {
  static let channel = "ar1_ready"
  private static let interval = Duration.milliseconds(10)

  private let pool: ConnectionPool
  private let pending = Mutex(false)

  init(pool: ConnectionPool) { self.pool = pool }

  func send() {
    let first = pending.withLock { pending in
      defer { pending = true }
      return !pending
    }
    guard first else { return }
    Task {
      try? await Task.sleep(for: Self.interval)
      pending.withLock { $0 = false }
      _ = try? await pool.run { session in
        try session.execute("SELECT pg_notify($1, '')", Self.channel).count
      }
    }
  }
}
