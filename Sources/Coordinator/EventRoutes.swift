import Hummingbird
import JobModel
import JobStore

/// What happened, to jobs for everybody of the lab, and to the lab itself for those who administer it.
struct EventRoutes {
  let store: JobStore

  func add(to group: RouterGroup<APIContext>) {
    group.get("events") { request, context in
      let caller = try context.reader()
      return try await list(request, lab: caller.lab, jobsOnly: true)
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
    let since = try request.number("since", default: 0, in: 0...1e11)
    let filter = EventFilter(
      lab: lab, job: job > 0 ? job : nil, jobsOnly: jobsOnly, kind: try request.text("kind"),
      user: try request.text("user"), since: since > 0 ? since : nil)
    return try JSONBody.response(
      try await store.events(filter, before: try request.before(), limit: try request.limit()))
  }
}
