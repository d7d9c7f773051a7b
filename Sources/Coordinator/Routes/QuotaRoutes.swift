import Hummingbird
import JobModel
import JobStore

/// What labs may use, and which workers take tasks.
struct QuotaRoutes {
  let store: JobStore
  let signals: Signals

  func add(to group: RouterGroup<APIContext>) {
    group.get("quotas") { _, context in
      let caller = try context.reader()
      return try JSONBody.response(try await store.quotas(for: caller))
    }
    group.post("quotas") { request, context in
      let caller = try context.administrator()
      let body: LabQuota = try await JSONBody.read(from: request)
      let quota = try await store.setQuota(body, by: caller)
      signals.places.fire()
      return try JSONBody.response(quota)
    }
    group.post("workers/:session") { request, context in
      let caller = try context.administrator()
      let body: ChangeWorkerRequest = try await JSONBody.read(from: request)
      let worker = try await store.changeWorker(context.number("session"), body, by: caller)
      signals.places.fire()
      return try JSONBody.response(worker)
    }
  }
}
