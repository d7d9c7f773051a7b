/// A connection with a thread of its own. It connects when first used and again after it broke.
actor Connection {
  private let address: PostgresAddress
  private let settings: SessionSettings
  private nonisolated let executor = ActorOnThread()
  private var session: Session?

  init(address: PostgresAddress, settings: SessionSettings) {
    self.address = address
    self.settings = settings
  }

  nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

  /// Where it runs.
  nonisolated var thread: ThreadExecutor { executor.thread }

  /// Runs `body` again, a few times, when it lost against another transaction or a change of the schema; on a new
  /// connection when what was prepared on this one is of an older schema.
  func run<R: Sendable>(_ body: @Sendable (Session) throws -> R) throws -> R {
    var losses = 0
    while true {
      do {
        return try attempt(body)
      } catch let error as PostgresError where error.isOfOldPlan && losses < 4 {
        losses += 1
        session = nil
      } catch let error as PostgresError where error.isTransient && losses < 4 {
        losses += 1
        if let session, session.isAlive { try SchemaLocks.waitForChange(session) }
      }
    }
  }

  func transaction<R: Sendable>(_ body: @Sendable (Session) throws -> R) throws -> R {
    try run { session in try session.transaction(body) }
  }

  private func attempt<R: Sendable>(_ body: @Sendable (Session) throws -> R) throws -> R {
    let session = try live()
    do {
      return try body(session)
    } catch let error as PostgresError where error.isUnavailable {
      self.session = nil
      throw error
    }
  }

  func close() { session = nil }

  private func live() throws -> Session {
    if let session, session.isAlive { return session }
    session = nil
    let fresh = try Session(address: address, settings: settings)
    session = fresh
    return fresh
  }
}
