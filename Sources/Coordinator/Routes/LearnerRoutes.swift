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
    group.leased("rollouts", limit: Self.openLimit) { (body: OpenRolloutsRequest) in
      try await store.openRollouts(body)
    }
    group.leased("steps") { (body: RecordStepRequest) in try await store.recordStep(body) }
    group.leased("versions") { (body: AnnounceVersionRequest) in try await store.announceVersion(body) }
    group.leased("run") { (body: RunStateRequest) in try await store.runState(body) }
    group.post("tasks/:task/groups") { request, context in
      _ = try context.worker()
      let atLeast = try request.number("at_least", default: 0, in: 0...100_000)
      let wait = try request.number("wait", default: 0, in: 0...3_600.0)
      return try await LongPoll.whileConnected(request) { content in
        let body: CommittedGroupsRequest = try await JSONBody.read(from: content)
        try body.check(against: context)
        let deadline = ContinuousClock.now + .seconds(min(wait, Self.longestWait))
        let reply = try await LongPoll.until(deadline, on: signals.groups) { () -> CommittedGroupsReply? in
          let reply = try await store.committedGroups(body)
          return reply.outcome == .stale || reply.groups.count >= atLeast ? reply : nil
        }
        if let reply { return try JSONBody.response(reply) }
        return try JSONBody.response(try await store.committedGroups(body))
      }
    }
  }
}
