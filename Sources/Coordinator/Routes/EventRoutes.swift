import Hummingbird
import JobModel
import JobStore
import PostgresClient

/// What happened, to jobs for everybody of the lab, and to the lab itself for those who administer it.
struct EventRoutes {
  let store: JobStore
  let signals: Signals
  let pace: LookPace

  func add(to group: RouterGroup<APIContext>) {
    group.get("events") { request, context in
      let caller = try context.reader()
      return try await list(request, lab: caller.lab, jobsOnly: true)
    }
    group.get("events/stream") { request, context in
      let caller = try context.reader()
      let after = try request.number("after", default: Int64(-1), in: -1...Int64.max)
      return try await EventStream(
        store: store, signals: signals, caller: caller, looks: pace.looks(of: caller),
        after: after >= 0 ? after : nil
      ).response()
    }
    group.get("jobs/:job/stream") { _, context in
      let caller = try context.reader()
      return try await JobStream(
        store: store, signals: signals, job: try context.number("job"), caller: caller,
        looks: pace.looks(of: caller)
      ).response()
    }
    group.get("audit") { request, context in
      let caller = try context.manager()
      let name = try request.text("lab")
      // Also what belongs to no lab, such as the coming and going of workers.
      let everything = name == "*" && caller.may(.administer)
      let lab = everything ? nil : try await store.lab(name, for: caller)
      return try await list(request, lab: lab, jobsOnly: false)
    }
  }

  private func list(_ request: Request, lab: LabID?, jobsOnly: Bool) async throws -> Response {
    let job = try request.number("job", default: Int64(0), in: 0...Int64.max)
    let kind = try request.text("kind")
    if let refusal = EventKinds.refusal(of: kind.map { [$0] } ?? []) { throw Refusal.badRequest(refusal) }
    let since = try request.number("since", default: 0, in: 0...1e11)
    let filter = EventFilter(
      lab: lab, job: job > 0 ? job : nil, jobsOnly: jobsOnly, kind: kind,
      user: try request.text("user"), since: since > 0 ? since : nil)
    do {
      return try JSONBody.response(
        try await store.events(filter, before: try request.before(), limit: try request.limit()))
    } catch let error as PostgresError where error.isTimeout {
      throw Refusal(
        .unprocessableContent, "too-much", "looking through the history took longer than a request may",
        hint: "narrow it, with --since, --kind or --job")
    }
  }
}
