import HTTPTypes
import Hummingbird
import JobModel
import JobStore

/// Views over many jobs: the queue at a glance, and what was used in a month.
struct ReportRoutes {
  let store: JobStore

  func add(to group: RouterGroup<APIContext>) {
    group.get("overview") { _, context in
      let caller = try context.reader()
      return try JSONBody.response(
        try await store.overview(lab: caller.may(.administer) ? nil : caller.lab))
    }
    group.get("usage") { request, context in
      let caller = try context.reader()
      guard let month = try request.text("month") else {
        throw Refusal.badRequest("the query lacks 'month', such as month=2026-11")
      }
      return try JSONBody.response(
        try await store.usage(month: month, lab: caller.may(.administer) ? nil : caller.lab))
    }
  }
}
