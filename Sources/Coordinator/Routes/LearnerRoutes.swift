import Hummingbird
import JobModel
import JobStore

/// What a learner does with the ledger of its run, under the lease of its learn task.
struct LearnerRoutes {
  static let openLimit = 16 << 20
  static let longestWait = 25.0

  let store: JobStore
  let signals: Signals

  func add(to group: RouterGroup<APIContext>) {
    group.post("tasks/:task/rollouts") { request, context in
      _ = try context.worker()
      let body: OpenRolloutsRequest = try await JSONBody.read(from: request, limit: Self.openLimit)
      try WorkerRoutes.check(body.lease, context)
      let reply = try await store.openRollouts(body)
      signals.work.fire()
      return try JSONBody.response(reply)
    }
    group.post("tasks/:task/groups") { request, context in
      _ = try context.worker()
      let atLeast = try request.number("at_least", default: 0, in: 0...100_000)
      let wait = try request.number("wait", default: 0, in: 0...3_600.0)
      return try await LongPoll.whileConnected(request) { content in
        let body: CommittedGroupsRequest = try await JSONBody.read(from: content)
        try WorkerRoutes.check(body.lease, context)
        let deadline = ContinuousClock.now + .seconds(min(wait, Self.longestWait))
        let reply = try await LongPoll.until(deadline, on: signals.groups) { () -> CommittedGroupsReply? in
          let reply = try await store.committedGroups(body)
          return reply.outcome == .stale || reply.groups.count >= atLeast ? reply : nil
        }
        if let reply { return try JSONBody.response(reply) }
        return try JSONBody.response(try await store.committedGroups(body))
      }
    }
    group.post("tasks/:task/steps") { request, context in
      _ = try context.worker()
      let body: RecordStepRequest = try await JSONBody.read(from: request)
      try WorkerRoutes.check(body.lease, context)
      return try JSONBody.response(try await store.recordStep(body))
    }
    group.post("tasks/:task/versions") { request, context in
      _ = try context.worker()
      let body: AnnounceVersionRequest = try await JSONBody.read(from: request)
      try WorkerRoutes.check(body.lease, context)
      return try JSONBody.response(try await store.announceVersion(body))
    }
    group.post("tasks/:task/run") { request, context in
      _ = try context.worker()
      let body: RunStateRequest = try await JSONBody.read(from: request)
      try WorkerRoutes.check(body.lease, context)
      return try JSONBody.response(try await store.runState(body))
    }
  }
}
