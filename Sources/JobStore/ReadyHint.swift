import PostgresClient
import Synchronization

/// Tells waiting claims of this process at once, and other coordinators by NOTIFY, debounced.
///
/// A NOTIFY inside a transaction takes a lock that all committing transactions share, which ends group commit;
/// so hints go out alone, after the commit, and at most one per short interval. They may be lost: pollers do not
/// rely on them.
final class ReadyHint: Sendable {
  static let channel = "ar1_ready"
  private static let interval = Duration.milliseconds(10)

  private let pool: ConnectionPool
  private let pending = Mutex(false)
  private let observers = Mutex<[@Sendable () -> Void]>([])

  init(pool: ConnectionPool) { self.pool = pool }

  func add(_ observer: @escaping @Sendable () -> Void) { observers.withLock { $0.append(observer) } }

  /// Tells this process at once and the others soon.
  func send() {
    for observer in observers.withLock({ $0 }) { observer() }
    let first = pending.withLock { pending in
      defer { pending = true }
      return !pending
    }
    guard first else { return }
    Task {
      try? await Task.sleep(for: Self.interval)
      pending.withLock { $0 = false }
      // Nobody waits until it is on disk.
      try? await pool.transaction { session in
        try session.execute("SELECT set_config('synchronous_commit', 'off', true)")
        try session.execute("SELECT pg_notify($1, '')", Self.channel)
      }
    }
  }
}
