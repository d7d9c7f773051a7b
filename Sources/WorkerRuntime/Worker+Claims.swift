import CoordinatorClient
import JobModel
import Logging

/// Asking for tasks, in a loop of its own or together with the ends of others.
extension Worker {
  /// Asks for tasks as long as it runs.
  func claimTasks() async throws {
    while true {
      try Task.checkCancellation()
      let session = try await currentSession()
      if isComparisonDue, !isClaiming {
        await settleDoubt(session)
        continue
      }
      let slots = configuration.slots - performing.count
      guard slots > 0, !isClaiming, declined.isEmpty else {
        await waitForChange()
        continue
      }
      let reply: ClaimReply
      do {
        isClaiming = true
        defer { isClaiming = false }
        reply = try await client.claim(
          claim(in: session, slots: slots, free: free, waitSeconds: claimWaitSeconds))
      } catch let error as CoordinatorError where error.kind == .unreachable || error.kind == .unavailable {
        try Task.checkCancellation()
        claimGotNoAnswer(error)
        continue
      }
      take(reply, in: session)
    }
  }

  private func take(_ reply: ClaimReply, in session: RegisterReply) {
    guard reply.sessionAlive else {
      loseSession(session.session)
      return
    }
    for task in reply.tasks { begin(task, session) }
  }

  /// What to ask for together with the ends of tasks: as much as will be free when they have ended. nil when the claim
  /// loop is asking already, or there is nothing to ask for just now. An answer goes to `claimed` or `claimGotNoAnswer`.
  func claim(after ending: [Lease]) -> ClaimRequest? {
    let ended = ending.compactMap { running[$0] }
    let slots = configuration.slots - performing.count + ended.count
    guard let session, slots > 0, !isClaiming, !isComparisonDue, declined.isEmpty,
      ended.count == ending.count, ended.allSatisfy(\.context.withheldDevices.isEmpty)
    else { return nil }
    var free = free
    for task in ended { free.give(task.context.task.need, devices: task.devices) }
    isClaiming = true
    return claim(in: session, slots: slots, free: free)
  }

  private func claim(
    in session: RegisterReply, slots: Int, free: FreeResources, waitSeconds: Double = 0
  ) -> ClaimRequest {
    ClaimRequest(
      session: session.session, kinds: kinds, limit: slots, waitSeconds: waitSeconds, free: free,
      loaded: loaded)
  }

  /// Begins what was leased, once the tasks whose places it takes have ended.
  func claimed(_ reply: ClaimReply, by claim: ClaimRequest, after ending: [Lease]) async {
    for lease in ending { await performing[lease]?.value }
    isClaiming = false
    // Whoever has ended the session meanwhile has given its leases back.
    if let session, session.session == claim.session { take(reply, in: session) }
    wakeClaims()
  }

  func claimGotNoAnswer(_ error: any Error) {
    isClaiming = false
    logger.warning("a claim got no answer: \((error as? CoordinatorError)?.message ?? "\(error)")")
    doubtSession()
  }

  /// Suspends the claim loop until a task has ended.
  func waitForChange() async {
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        if Task.isCancelled { continuation.resume() } else { changeWaiter = continuation }
      }
    } onCancel: {
      Task { await self.wakeClaims() }
    }
  }

  func wakeClaims() {
    changeWaiter?.resume()
    changeWaiter = nil
  }
}
