import HTTPTypes
import Hummingbird
import JobModel
import JobStore

/// Administration of a lab's tokens.
struct TokenRoutes {
  let store: JobStore

  func add(to group: RouterGroup<APIContext>) {
    group.post("tokens") { request, context in
      let caller = try context.administrator()
      let body: CreateTokenRequest = try await JSONBody.read(from: request)
      return try JSONBody.response(try await store.createToken(body, lab: caller.lab), status: .created)
    }
    group.delete("tokens/:token") { _, context in
      let caller = try context.administrator()
      try await store.revokeToken(context.number("token"), lab: caller.lab)
      return try JSONBody.response([String: String]())
    }
  }
}
