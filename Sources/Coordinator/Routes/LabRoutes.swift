import Hummingbird
import JobModel
import JobStore

/// Labs and their users. A lab's owner administers her own, an administrator all of them.
struct LabRoutes {
  let store: JobStore
  let signals: Signals

  func add(to group: RouterGroup<APIContext>) {
    group.get("labs") { request, context in
      let caller = try context.reader()
      return try JSONBody.response(
        try await store.labs(for: caller, before: try request.before(), limit: try request.limit()))
    }
    group.post("labs") { request, context in
      let caller = try context.administrator()
      let body: CreateLabRequest = try await JSONBody.read(from: request)
      let id = try await store.createLab(named: body.name, by: caller)
      return try JSONBody.response(["id": id], status: .created)
    }
    group.post("labs/:lab") { request, context in
      let caller = try context.manager()
      let body: ChangeLabRequest = try await JSONBody.read(from: request)
      let lab = try await store.changeLab(context.number("lab"), body, by: caller)
      signals.places.fire()
      return try JSONBody.response(lab)
    }
    group.get("users") { request, context in
      let caller = try context.manager()
      let lab = try await store.lab(try request.text("lab"), for: caller)
      return try JSONBody.response(
        try await store.users(lab: lab, before: try request.before(), limit: try request.limit()))
    }
    group.post("users") { request, context in
      let caller = try context.manager()
      let body: CreateUserRequest = try await JSONBody.read(from: request)
      return try JSONBody.response(try await store.createUser(body, by: caller), status: .created)
    }
    group.post("users/:user") { request, context in
      let caller = try context.manager()
      let body: ChangeUserRequest = try await JSONBody.read(from: request)
      return try JSONBody.response(try await store.changeUser(context.number("user"), body, by: caller))
    }
  }
}
