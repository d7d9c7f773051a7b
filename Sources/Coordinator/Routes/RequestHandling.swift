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

  /// The caller, if the token allows this.
  func require(_ scope: Scope, _ what: String) throws -> Caller {
    guard let caller else { throw Refusal.wrongToken }
    guard caller.may(scope) else {
      throw Refusal.forbidden(
        "this \(caller.role.rawValue)'s token does not \(what); that takes the scope '\(scope.rawValue)'")
    }
    return caller
  }

  func anyone() throws -> Caller {
    guard let caller else { throw Refusal.wrongToken }
    return caller
  }
  func reader() throws -> Caller { try require(.read, "read jobs") }
  func submitter() throws -> Caller { try require(.submit, "change jobs") }
  func worker() throws -> Caller { try require(.work, "work on tasks; it takes a worker's token") }
  /// Of the own lab.
  func manager() throws -> Caller { try require(.manage, "administer a lab") }
  /// Of all labs.
  func administrator() throws -> Caller { try require(.administer, "administer labs") }

  /// A number in the path.
  func number(_ name: String) throws -> Int64 {
    guard let text = parameters.get(name), let number = Int64(text), number > 0 else {
      throw Refusal.badRequest("'\(parameters.get(name) ?? "")' is no number of a \(name)")
    }
    return number
  }
}

extension Request {
  /// A text of the query, decoded; nil when it is not given or empty.
  func text(_ name: String) throws -> String? {
    guard let value = uri.queryParameters[Substring(name)], !value.isEmpty else { return nil }
    guard value.utf8.count <= 500, !value.unicodeScalars.contains(where: { $0.value < 32 }) else {
      throw Refusal.badRequest("the query's '\(name)' is one line of at most 500 bytes")
    }
    return String(value)
  }

  /// The cursor of a list: only what has a lower number.
  func before() throws -> Int64? {
    let before = try number("before", default: Int64(0), in: 0...Int64.max)
    return before > 0 ? before : nil
  }

  /// How long a page may be.
  func limit() throws -> Int { try number("limit", default: 50, in: 1...1_000) }

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
    } catch let failure as ReadToItsEnd {
      var response = try answer(to: request, context, failure.cause)
      response.headers[.connection] = "close"
      return response
    } catch {
      return try answer(to: request, context, error)
    }
  }

  private func answer(to request: Request, _ context: APIContext, _ error: any Error) throws -> Response {
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

/// Finds out whom the bearer token stands for.
struct Authentication: RouterMiddleware {
  /// "Bearer ", "ar1_" and 64 hexadecimal digits.
  private static let headerLength = 7 + 4 + 64

  let store: JobStore
  let limiter: RateLimiter

  func handle(
    _ request: Request, context: APIContext, next: (Request, APIContext) async throws -> Response
  ) async throws -> Response {
    // What cannot be a token is refused without asking the database.
    guard let header = request.headers[.authorization], header.utf8.count == Self.headerLength,
      header.prefix(7).lowercased() == "bearer ",
      let caller = try await store.authenticate(secret: String(header.dropFirst(7)))
    else { throw Refusal.wrongToken }
    if let wait = limiter.wait(for: caller) { throw Refusal.tooMany(seconds: wait) }
    var context = context
    context.caller = caller
    return try await next(request, context)
  }
}
