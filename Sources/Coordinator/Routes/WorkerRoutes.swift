import Hummingbird
import JobModel
import JobStore

/// What workers do: sessions, claims, and writes under a lease. Every write names task and epoch; one whose
/// lease is over answers `stale` and has written nothing.
struct WorkerRoutes {
  /// A planner may spawn thousands of shards, a group carries its tokens.
  static let completionLimit = 64 << 20
  static let logLimit = 4 << 20
  static let longestClaim = 25.0

  let store: JobStore
  let signals: Signals
  let metrics: Metrics
  let heartbeats: Heartbeats

  init(store: JobStore, signals: Signals, metrics: Metrics) {
    self.store = store
    self.signals = signals
    self.metrics = metrics
    heartbeats = Heartbeats(store: store)
  }

  func add(to group: RouterGroup<APIContext>) {
    addSessions(to: group)
    group.post("claim") { request, context in
      let caller = try context.worker()
      return try await LongPoll.whileConnected(request) { body in
        let claim: ClaimRequest = try await JSONBody.read(from: body)
        let wait = min(max(claim.waitSeconds, 0), Self.longestClaim)
        let reply = try await LongPoll.until(.now + .seconds(wait), on: signals.work, every: 10) {
          () -> ClaimReply? in
          let start = ContinuousClock.now
          let reply = try await store.claim(claim, token: caller.token)
          metrics.claimed(reply.tasks.count, in: .now - start)
          return reply.tasks.isEmpty && reply.sessionAlive ? nil : reply
        }
        return try JSONBody.response(reply ?? ClaimReply(tasks: [], sessionAlive: true))
      }
    }
    group.post("tasks/release") { request, context in
      _ = try context.worker()
      let body: ReleaseRequest = try await JSONBody.read(from: request)
      let released = try await store.release(body)
      signals.places.fire()
      return try JSONBody.response(["released": released])
    }
    group.post("tasks/complete") { request, context in
      let caller = try context.worker()
      let body: CompleteTasksRequest = try await JSONBody.read(from: request, limit: Self.completionLimit)
      guard body.tasks.count <= CompleteTasksRequest.most else {
        throw Refusal.badRequest(
          "at most \(CompleteTasksRequest.most) tasks are completed at once, found \(body.tasks.count)")
      }
      var reply = CompleteTasksReply(results: [])
      if let next = body.next {
        let (results, claimed) = try await store.complete(body.tasks, next: next, token: caller.token)
        metrics.claimed(claimed.tasks.count, in: nil)
        reply = CompleteTasksReply(results: results, next: claimed)
      } else {
        reply.results = try await store.complete(body.tasks)
      }
      if body.tasks.contains(where: { !$0.groups.isEmpty }) { signals.groups.fire() }
      signals.places.fire()
      signals.jobs.fire()
      return try JSONBody.response(reply)
    }
    group.leased("complete", limit: Self.completionLimit) { (body: CompleteRequest) in
      let reply = try await store.complete(body)
      if !body.groups.isEmpty { signals.groups.fire() }
      signals.places.fire()
      signals.jobs.fire()
      return reply
    }
    group.leased("fail") { (body: FailRequest) in
      let reply = try await store.fail(body)
      signals.jobs.fire()
      return reply
    }
    group.leased("logs", limit: Self.logLimit) { (body: AppendLogsRequest) in
      let reply = try await store.appendLogs(body)
      signals.logs.fire()
      return reply
    }
    // The job around a task, for the task that joins the others' results.
    group.leased("job") { (body: JobOfTaskRequest) in
      guard let detail = try await store.detail(body.job, lab: body.lab, under: body.lease) else {
        throw Refusal(.conflict, "stale", "the lease of task \(body.lease.task) is over")
      }
      return detail
    }
  }

  private func addSessions(to group: RouterGroup<APIContext>) {
    group.post("sessions") { request, context in
      let caller = try context.worker()
      let body: RegisterRequest = try await JSONBody.read(from: request)
      let reply = try await store.register(body, token: caller.token)
      // There may be a place now for what waits.
      signals.places.fire()
      return try JSONBody.response(reply, status: .created)
    }
    group.post("sessions/:session/heartbeat") { request, context in
      let caller = try context.worker()
      let body: HeartbeatRequest = try await JSONBody.read(from: request, limit: Self.logLimit)
      try Self.check(session: body.session, context)
      return try JSONBody.response(try await heartbeats.renew(body, token: caller.token))
    }
    group.post("sessions/:session/forgotten") { request, context in
      let caller = try context.worker()
      // Not for someone who has gone and asked again: he may have claimed more since.
      return try await LongPoll.whileConnected(request) { read in
        let body: ReleaseForgottenRequest = try await JSONBody.read(from: read)
        try Self.check(session: body.session, context)
        let released = try await store.releaseForgotten(body, token: caller.token)
        signals.places.fire()
        return try JSONBody.response(["released": released])
      }
    }
    group.post("sessions/:session/end") { request, context in
      let caller = try context.worker()
      let body: EndSessionRequest = try await JSONBody.read(from: request)
      try Self.check(session: body.session, context)
      try await store.endSession(body, token: caller.token)
      signals.places.fire()
      return try JSONBody.response([String: String]())
    }
  }

  private static func check(session: SessionID, _ context: APIContext) throws {
    guard try context.number("session") == session else {
      throw Refusal.badRequest("the path names another session than the body, \(session)")
    }
  }
}

/// Names the job of a lease, as the claim gave it.
private struct JobOfTaskRequest: LeasedRequest {
  let lease: Lease
  let job: JobID
  let lab: LabID
}
