import CoordinatorClient
import JobModel
import Logging

extension Worker {
  /// Sends heartbeats until it is cancelled.
  func keepLeases() async {
    while !Task.isCancelled {
      guard let session else {
        // Nothing to keep before the claim loop has registered.
        try? await Task.sleep(for: .milliseconds(50))
        continue
      }
      let delivered = await renew()
      if isComparisonDue { wakeClaims() }
      // Early, so that one lost heartbeat and its repetition fit into a lease; not in step with others.
      let pause =
        delivered ? session.heartbeatSeconds * .random(in: 0.8...1) : min(1, session.heartbeatSeconds / 2)
      try? await Task.sleep(for: .seconds(pause))
    }
  }

  /// One heartbeat with all leases in hand.
  /// - Returns: whether the coordinator answered.
  @discardableResult
  func renew() async -> Bool {
    guard let session else { return true }
    let start = ContinuousClock.now
    let renewals = running.filter { $0.value.context.stopReason == nil }.map { lease, entry in
      HeartbeatRequest.Renewal(lease, progress: entry.context.takeNewProgress())
    }
    let reply: HeartbeatReply
    do {
      reply = try await client.heartbeat(
        HeartbeatRequest(
          session: session.session, leases: renewals, loaded: loaded, devices: deviceReports()),
        timeout: max(2, session.leaseSeconds / 3))
    } catch {
      // What the lost heartbeat carried goes with the next one.
      for renewal in renewals {
        if let progress = renewal.progress {
          running[Lease(task: renewal.task, epoch: renewal.epoch)]?.context.restore(progress)
        }
      }
      if !Task.isCancelled {
        logger.warning("no heartbeat: \((error as? CoordinatorError)?.message ?? "\(error)")")
      }
      return false
    }
    guard reply.sessionAlive else {
      loseSession(session.session)
      return true
    }
    renewedAt = max(renewedAt, start)
    for result in reply.results {
      let lease = Lease(task: result.task, epoch: result.epoch)
      switch result.verdict {
      case .renewed: running[lease]?.trust.renewed(by: start)
      case .yieldRequested:
        running[lease]?.trust.renewed(by: start)
        yield(lease)
      case .lost: stop(lease, .leaseLost)
      case .cancelRequested: stop(lease, .cancelled)
      }
    }
    return true
  }

  /// Stops the work when its lease can no longer be trusted. The records may hold it all the same, as nobody is declared
  /// dead while the database is away: the session is then given up, so that the task goes to others.
  func guardTrust(_ lease: Lease) async {
    while !Task.isCancelled, let entry = running[lease] {
      guard entry.trust.holds(at: .now) else {
        // Work that was told to stop before has its reason: the coordinator knows of it.
        if entry.context.stopReason == nil {
          stop(lease, .leaseLost)
          doubtSession()
        }
        return
      }
      try? await Task.sleep(until: entry.trust.until, clock: .continuous)
    }
  }
}
