import Hummingbird
import JobModel
import JobStore

/// Administration of a lab's tokens; everybody may rotate her own.
struct TokenRoutes {
  let store: JobStore

  func add(to group: RouterGroup<APIContext>) {
    group.get("tokens") { request, context in
      let caller = try context.manager()
      let lab = try await store.lab(try request.text("lab"), for: caller)
      return try JSONBody.response(
        try await store.tokens(lab: lab, before: try request.before(), limit: try request.limit()))
    }
    group.post("tokens") { request, context in
      let caller = try context.manager()
      let body: CreateTokenRequest = try await JSONBody.read(from: request)
      let lab = try await store.lab(body.lab, for: caller)
      return try JSONBody.response(
        try await store.createToken(body, lab: lab, by: caller), status: .created)
    }
    group.post("tokens/:token/rotate") { request, context in
      let caller = try context.anyone()
      let body: RotateTokenRequest = try await JSONBody.read(from: request)
      return try JSONBody.response(
        try await store.rotateToken(context.number("token"), body, by: caller), status: .created)
    }
    group.delete("tokens/:token") { request, context in
      let caller = try context.manager()
      try await store.revokeToken(
        context.number("token"), by: caller, reason: try request.text("reason"))
      return try JSONBody.response([String: String]())
    }
  }
}
