import JobStore
import Logging
import PostgresClient
import ServiceLifecycle

/// Takes the leader's lease when it is free, and while it holds it does the leader's regular work: taking
/// back what silent workers hold and admitting what has waited long enough.
///
/// A leader that loses its database or its time goes on from the start; two leaders for a moment do no harm,
/// because the work looks again under row locks.
struct LeaderLoop: Service {
  static let leaseSeconds = 10.0

  let store: JobStore
  let signals: Signals
  let interval: Duration
  let logger: Logger

  func run() async throws {
    await cancelWhenGracefulShutdown {
      await lead()
    }
  }

  private func lead() async {
    let holder = "\(UInt64.random(in: 0...UInt64.max))"
    var term: LeaderTerm?
    var isAway = false
    var failing: [String] = []
    while !Task.isCancelled {
      do {
        let current = try await store.takeLeadership(holder: holder, seconds: Self.leaseSeconds)
        if let current, current != term { logger.info("leading in term \(current.term)") }
        if current == nil, term != nil { logger.notice("another coordinator leads now") }
        term = current
        if term != nil {
          let failure = try await work(holder)
          let names = failure?.steps.map(\.name) ?? []
          if let failure, names != failing {
            logger.error("steps of the leader's work fail and are tried again, the others go on: \(failure)")
          }
          failing = names
        }
        if isAway { logger.notice("the database answers again") }
        isAway = false
      } catch {
        if !isAway, !Task.isCancelled { logger.error("the leader's work waits for the database: \(error)") }
        isAway = true
      }
      await admit(leading: term != nil && !isAway, for: interval * Double.random(in: 0.8...1.2))
    }
    if let term {
      // Not in this task: it is cancelled.
      await Task { try? await store.resignLeadership(term) }.value
    }
  }
}

extension LeaderLoop {
  /// A tick.
  /// - Returns: what of it failed; nil when nothing did.
  private func work(_ holder: String) async throws -> TickFailure? {
    let (report, failure): (TickReport, TickFailure?)
    do {
      report = try await store.pool.onThread {
        try await store.tick {
          try await store.takeLeadership(holder: holder, seconds: Self.leaseSeconds) != nil
        }
      }
      failure = nil
    } catch let error as TickFailure {
      (report, failure) = (error.report, error)
    }
    if report.tasksTakenBack > 0 {
      logger.notice(
        "\(report.sessionsLost) workers fell silent, \(report.tasksTakenBack) tasks were taken back")
    }
    return failure
  }

  /// Until the next tick: a pass of admission whenever something has changed, so that what is submitted or comes free
  /// does not wait for the tick. Changes that come close together share a pass.
  private func admit(leading: Bool, for duration: Duration) async {
    guard leading else {
      try? await Task.sleep(for: duration)
      return
    }
    let end = ContinuousClock.now + duration
    while !Task.isCancelled {
      let generation = signals.places.generation
      _ = try? await store.admitIfContended()
      let left = end - .now
      guard left > .zero else { return }
      await signals.places.wait(after: generation, upTo: left)
      try? await Task.sleep(for: min(.milliseconds(20), max(.zero, end - .now)))
    }
  }
}

/// Looks now and then whether tasks are ready of which nobody told this process, on behalf of all claims that wait: a
/// thousand idle workers cost the database one small statement a second.
struct ReadyWatch: Service {
  let store: JobStore
  let signals: Signals

  func run() async throws {
    await cancelWhenGracefulShutdown {
      while !Task.isCancelled {
        try? await Task.sleep(for: .seconds(.random(in: 0.7...1.3)))
        if signals.work.isAwaited, (try? await store.hasReadyTasks()) == true { signals.work.fire() }
      }
    }
  }
}

/// Hears from the database that tasks may be ready.
struct HintListener: Service {
  let address: PostgresAddress
  let signals: Signals

  func run() async throws {
    let events = Listener(address: address).events(on: [JobStore.readyChannel])
    await cancelWhenGracefulShutdown {
      for await _ in events {
        signals.work.fire()
        signals.places.fire()
      }
    }
  }
}
