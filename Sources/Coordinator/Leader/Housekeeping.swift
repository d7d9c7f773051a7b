import JobStore
import Logging
import ServiceLifecycle

/// What wants doing now and then, whoever leads: partitions for the months to come, the end of old ones, and a look
/// whether a newer program has migrated the database meanwhile.
struct Housekeeping: Service {
  static let lookInterval = Duration.seconds(60)
  /// Looks between two rounds of the history's partitions.
  static let looksPerRound = 60

  let store: JobStore
  let retention: Retention
  let logger: Logger

  func run() async throws {
    await cancelWhenGracefulShutdown {
      var known: SchemaState?
      var looks = 0
      while !Task.isCancelled {
        if looks % Self.looksPerRound == 0 { await keepHistory() }
        looks += 1
        if let state = try? await store.schemaState(), state != known {
          known = state
          report(state)
        }
        try? await Task.sleep(for: Self.lookInterval)
      }
    }
  }

  private func keepHistory() async {
    do {
      let (made, dropped) = try await store.keepHistory(retention)
      if made > 0 { logger.info("made \(made) partitions for events and logs") }
      if dropped > 0 { logger.notice("dropped \(dropped) partitions whose months are over") }
    } catch {
      // Months are made ahead of time, so an hour later does as well.
      logger.warning("the history's partitions wait for the next round: \(error)")
    }
  }

  private func report(_ state: SchemaState) {
    switch state {
    case .same: break
    case .older(let database, let program):
      logger.error(
        "the database is at migration \(database), this program at \(program): someone took it back; restart")
    case .newer(let database, let program):
      logger.warning(
        """
        a newer program has brought the database to migration \(database), this one knows \(program): it goes on, \
        restart it with the new version
        """)
    }
  }
}
