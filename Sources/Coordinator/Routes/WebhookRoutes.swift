import Hummingbird
import JobModel
import JobStore

/// Addresses that a lab wants told of its events.
struct WebhookRoutes {
  let store: JobStore

  func add(to group: RouterGroup<APIContext>) {
    group.get("webhooks") { request, context in
      let caller = try context.manager()
      return try JSONBody.response(
        try await store.webhooks(lab: caller.lab, before: try request.before(), limit: try request.limit()))
    }
    group.post("webhooks") { request, context in
      let caller = try context.manager()
      let body: CreateWebhookRequest = try await JSONBody.read(from: request)
      return try JSONBody.response(try await store.createWebhook(body, by: caller), status: .created)
    }
    group.delete("webhooks/:webhook") { _, context in
      let caller = try context.manager()
      try await store.deleteWebhook(context.number("webhook"), by: caller)
      return try JSONBody.response([String: String]())
    }
  }
}
