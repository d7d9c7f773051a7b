import Synchronization

/// At most `size` connections to one database, shared by all tasks of the process. Safe from any thread.
///
/// A database that is down costs the caller a `PostgresError` with `isUnavailable`; the next call connects anew.
public final class ConnectionPool: Sendable {
  private struct State {
    var idle: [Connection] = []
    var open = 0
    var waiters: [(id: Int, continuation: CheckedContinuation<Connection, any Error>)] = []
    var nextWaiter = 0
    var closed = false
  }

  public let address: PostgresAddress
  private let size: Int
  private let settings: SessionSettings
  private let state = Mutex(State())

  /// Connects to nothing yet.
  public init(address: PostgresAddress, size: Int = 4, settings: SessionSettings = SessionSettings()) {
    self.address = address
    self.size = max(1, size)
    self.settings = settings
  }

  /// Lends a connection to a synchronous closure, on the connection's own thread. The closure runs again when one of its
  /// statements lost against another transaction, a migration for instance: it reads, or writes what may be written twice.
  public func run<R: Sendable>(_ body: @Sendable (Session) throws -> R) async throws -> R {
    let connection = try await lease()
    defer { giveBack(connection) }
    return try await connection.run(body)
  }

  /// As `run`, between BEGIN and COMMIT: the closure has no effects but those in the database, and these all or none.
  public func transaction<R: Sendable>(_ body: @Sendable (Session) throws -> R) async throws -> R {
    let connection = try await lease()
    defer { giveBack(connection) }
    return try await connection.transaction(body)
  }

  /// Runs `body` on the thread of one of the pool's connections: where statements follow each other, none of them wakes
  /// another thread then, neither on its way to the database nor back, which costs more than a small statement. Where
  /// many run beside each other they had better leave it: the threads would have to be woken one by one.
  public func onThread<R: Sendable>(_ body: () async throws -> R) async throws -> R {
    let connection = try await lease()
    giveBack(connection)
    return try await withTaskExecutorPreference(connection.thread) { try await body() }
  }

  /// How the pool is used at this moment.
  public struct Usage: Sendable, Equatable {
    public let open: Int
    public let idle: Int
    /// Callers without a connection.
    public let waiting: Int
  }

  public var usage: Usage {
    state.withLock { Usage(open: $0.open, idle: $0.idle.count, waiting: $0.waiters.count) }
  }

  /// Closes idle connections at once and the others as they come back; later calls throw.
  public func close() async {
    let (idle, waiters) = state.withLock { state in
      state.closed = true
      defer {
        state.idle = []
        state.waiters = []
      }
      return (state.idle, state.waiters)
    }
    for waiter in waiters { waiter.continuation.resume(throwing: Self.closedError) }
    for connection in idle { await connection.close() }
  }

  private static let closedError = PostgresError(.misuse, "the connection pool is closed")

  /// What becomes of somebody who asks for a connection.
  private enum Turn {
    case now(Connection)
    case never(any Error)
    case wait
  }

  private func lease() async throws -> Connection {
    switch state.withLock({ turn(in: &$0) }) {
    case .now(let connection): return connection
    case .never(let error): throw error
    case .wait: return try await nextInLine()
    }
  }

  private func turn(in state: inout State) -> Turn {
    if state.closed { return .never(Self.closedError) }
    if Task.isCancelled { return .never(CancellationError()) }
    if let index = state.idle.lastIndex(where: \.thread.isCurrent) {
      return .now(state.idle.remove(at: index))
    }
    if let connection = state.idle.popLast() { return .now(connection) }
    guard state.open < size else { return .wait }
    state.open += 1
    return .now(Connection(address: address, settings: settings))
  }

  private func nextInLine() async throws -> Connection {
    let id = state.withLock { state in
      state.nextWaiter += 1
      return state.nextWaiter
    }
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        let turn = state.withLock { state in
          // One may have come back meanwhile.
          let turn = self.turn(in: &state)
          if case .wait = turn { state.waiters.append((id, continuation)) }
          return turn
        }
        switch turn {
        case .now(let connection): continuation.resume(returning: connection)
        case .never(let error): continuation.resume(throwing: error)
        case .wait: break
        }
      }
    } onCancel: {
      let waiter = state.withLock { state in
        state.waiters.firstIndex { $0.id == id }.map { state.waiters.remove(at: $0) }
      }
      waiter?.continuation.resume(throwing: CancellationError())
    }
  }

  private func giveBack(_ connection: Connection) {
    let waiter = state.withLock { state -> CheckedContinuation<Connection, any Error>? in
      if !state.waiters.isEmpty { return state.waiters.removeFirst().continuation }
      if state.closed { state.open -= 1 } else { state.idle.append(connection) }
      return nil
    }
    waiter?.resume(returning: connection)
  }
}
