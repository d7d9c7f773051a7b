import HTTPTypes
import Hummingbird
import JobModel
import JobStore
import Logging

/// What belongs to one request.
struct APIContext: RequestContext {
  var coreContext: CoreRequestContextStorage
  /// Whom the token stands for; set by `Authentication`.
  var caller: Caller?

  init(source: ApplicationRequestContextSource) { coreContext = .init(source: source) }

  func require(_ allowed: (Role) -> Bool, _ what: String) throws -> Caller {
    guard let caller else { throw Refusal.wrongToken }
    guard allowed(caller.role) else {
      throw Refusal.forbidden("a \(caller.role.rawValue)'s token does not \(what)")
    }
    return caller
  }

  func reader() throws -> Caller { try require(\.mayRead, "read jobs") }
  func submitter() throws -> Caller { try require(\.maySubmit, "change jobs") }
  func worker() throws -> Caller { try require(\.mayWork, "work on tasks; it takes a worker's token") }
  func administrator() throws -> Caller { try require(\.mayAdminister, "administer tokens") }

  /// A number in the path.
  func number(_ name: String) throws -> Int64 {
    guard let text = parameters.get(name), let number = Int64(text), number > 0 else {
      throw Refusal.badRequest("'\(parameters.get(name) ?? "")' is no number of a \(name)")
    }
    return number
  }
}

extension Request {
  /// A number of the query, `standard` when it is not given.
  func number<Value: LosslessStringConvertible & Comparable>(
    _ name: String, default standard: Value, in range: ClosedRange<Value>
  ) throws -> Value {
    guard let text = uri.queryParameters[Substring(name)] else { return standard }
    guard let number = Value(String(text)), range.contains(number) else {
      throw Refusal.badRequest(
        "the query's '\(name)' is '\(text)'; allowed is \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }
}

/// Turns every error into the API's form; what is the coordinator's own fault is logged and not told.
struct ErrorReporting: RouterMiddleware {
  func handle(
    _ request: Request, context: APIContext, next: (Request, APIContext) async throws -> Response
  ) async throws -> Response {
    do {
      return try await next(request, context)
    } catch {
      if let refusal = Refusal(error) {
        if refusal.status == .serviceUnavailable { context.logger.warning("\(refusal.message): \(error)") }
        return try refusal.response(from: request, context: context)
      }
      if error is CancellationError {
        return try Refusal(
          .serviceUnavailable, "shutting-down", "the request was given up: its caller left, or a shutdown",
          retryAfter: 1
        ).response(from: request, context: context)
      }
      context.logger.error("\(request.method) \(request.uri.path): \(error)")
      return try Refusal(
        .internalServerError, "internal", "the coordinator failed at this request; its log says why"
      ).response(from: request, context: context)
    }
  }
}

/// Finds out whom the bearer token stands for.
struct Authentication: RouterMiddleware {
  let store: JobStore

  func handle(
    _ request: Request, context: APIContext, next: (Request, APIContext) async throws -> Response
  ) async throws -> Response {
    guard let header = request.headers[.authorization], header.count < 1_024,
      header.prefix(7).lowercased() == "bearer ",
      let caller = try await store.authenticate(secret: String(header.dropFirst(7)))
    else { throw Refusal.wrongToken }
    var context = context
    context.caller = caller
    return try await next(request, context)
  }
}
