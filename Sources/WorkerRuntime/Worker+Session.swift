import CoordinatorClient
import JobModel
import Logging

/// Whether the coordinator and this worker agree on what the worker has in hand.
extension Worker {
  /// The session, registered where there is none.
  func currentSession() async throws -> RegisterReply {
    if let session { return session }
    let start = ContinuousClock.now
    let reply = try await client.register(
      RegisterRequest(
        name: configuration.name, host: Host.name, process: Host.process, version: configuration.version,
        kinds: kinds, slots: configuration.slots, inventory: inventory))
    session = reply
    renewedAt = start
    comparisonDue = nil
    logger.info(
      "registered as session \(reply.session) for \(kinds.map(\.rawValue).joined(separator: ", "))")
    return reply
  }

  /// The coordinator has given the session up: so are its leases.
  func loseSession(_ lost: SessionID) {
    guard session?.session == lost else { return }
    logger.warning("the coordinator gave session \(lost) up; registering again")
    session = nil
    for lease in running.keys { stop(lease, .leaseLost) }
  }

  /// A lease may still be the session's, and nobody works on its task: a claim got no answer, the end of the task could
  /// not be delivered, or the lease could not be renewed in time.
  func doubtSession() {
    comparisonDue = .now
    wakeClaims()
  }

  var isComparisonDue: Bool { comparisonDue.map { $0 <= .now } ?? false }

  /// A claim whose answer never came may have leased tasks that this worker knows nothing of, a task's end may not have
  /// arrived, and heartbeats keep all leases of a session. So before more is claimed, the coordinator takes back whatever
  /// is not in hand. It may not be done with what it did not answer, so it is asked again, until nothing is in hand: then a
  /// new session begins.
  func settleDoubt(_ old: RegisterReply) async {
    let asOf = ContinuousClock.now
    // What is claimed meanwhile would be taken back, too.
    isClaiming = true
    defer { isClaiming = false }
    if performing.isEmpty {
      try? await client.endSession(EndSessionRequest(session: old.session), patience: Patience(seconds: 30))
      if session?.session == old.session { session = nil }
      return
    }
    let held = running.filter { $0.value.context.stopReason != .leaseLost }.map(\.key)
    do {
      let released = try await client.releaseForgotten(
        ReleaseForgottenRequest(session: old.session, held: held), patience: Patience(seconds: 10))
      if released > 0 {
        logger.notice("leases that were lost on their way here, or back, were given back: \(released)")
      }
      // Unless there was new doubt meanwhile.
      if comparisonDue.map({ $0 <= asOf }) ?? false {
        comparisonDue = asOf + .seconds(configuration.claimWaitSeconds + 40)
      }
    } catch let error as CoordinatorError where error.status == 404 {
      // A coordinator of an earlier version: nothing more is claimed before the work in hand is done.
      while !performing.isEmpty, !Task.isCancelled { await waitForChange() }
    } catch {
      // The heartbeats go on, and so does the work in hand.
      logger.warning("what the coordinator takes for this worker's could not be compared: \(error)")
      try? await Task.sleep(for: .seconds(1))
    }
  }
}
