import HTTPTypes
import Hummingbird
import JobModel
import JobStore
import PostgresClient

/// An error as the API tells it: `{"error":{"code","message","hint"}}` with the status that fits.
struct Refusal: Error, HTTPResponseError {
  let status: HTTPResponse.Status
  /// Stable, for programs.
  let code: String
  /// For people: what was wrong with which input.
  let message: String
  /// What to do about it.
  let hint: String?
  /// Seconds after which trying again makes sense.
  let retryAfter: Int?

  init(
    _ status: HTTPResponse.Status, _ code: String, _ message: String, hint: String? = nil,
    retryAfter: Int? = nil
  ) {
    self.status = status
    self.code = code
    self.message = message
    self.hint = hint
    self.retryAfter = retryAfter
  }

  static func badRequest(_ message: String, hint: String? = nil) -> Refusal {
    Refusal(.badRequest, "bad-request", message, hint: hint)
  }

  /// Also said of what belongs to another lab: its existence is not given away.
  static func notFound(_ what: String) -> Refusal {
    Refusal(.notFound, "not-found", "there is no \(what)")
  }

  static func forbidden(_ message: String) -> Refusal { Refusal(.forbidden, "forbidden", message) }

  static func tooMany(seconds: Int) -> Refusal {
    Refusal(
      .tooManyRequests, "too-many-requests", "this token has made too many requests in a short time",
      hint: "wait as long as Retry-After says; streams and long waits spare requests", retryAfter: seconds)
  }

  static let wrongToken = Refusal(
    .unauthorized, "unauthorized", "the token is missing, unknown, expired or revoked",
    hint: "'ar1 token create' makes a new one; give it with --token-file or AR1_TOKEN")

  /// What a caller is told about an error from below; nil for one that is the coordinator's own fault.
  init?(_ error: any Error) {
    switch error {
    case let refusal as Refusal: self = refusal
    case let error as JobSpecError: self.init(.unprocessableContent, "invalid-job", error.description)
    case StoreError.notFound(let message): self.init(.notFound, "not-found", message)
    case StoreError.conflict(let message): self.init(.conflict, "conflict", message)
    case StoreError.forbidden(let message): self.init(.forbidden, "forbidden", message)
    case StoreError.invalid(let message): self.init(.unprocessableContent, "invalid", message)
    case let error as PostgresError where error.isTimeout: self = .slowDatabase
    case let error as PostgresError where error.isAway: self = .noDatabase
    case let error as PostgresError where error.refusesValue:
      self.init(
        .unprocessableContent, "invalid",
        "a value of the request cannot be stored: \(error.sentence ?? "its column does not take it")")
    case let error as HTTPError:
      self.init(
        error.status, error.status == .notFound ? "not-found" : "bad-request",
        error.body ?? (error.status == .notFound ? "there is no such route" : error.status.reasonPhrase))
    default: return nil
    }
  }

  static let noDatabase = Refusal(
    .serviceUnavailable, "database-unavailable", "the coordinator cannot reach its database",
    hint: "it goes on by itself when the database is back", retryAfter: 1)

  static let slowDatabase = Refusal(
    .serviceUnavailable, "database-slow", "the database took longer over this than a request may",
    hint: "it may be busy: try again later; 'ar1 doctor' says what holds it up", retryAfter: 1)

  func response(from request: Request, context: some RequestContext) throws -> Response {
    var headers = HTTPFields()
    if let retryAfter { headers[.retryAfter] = String(retryAfter) }
    if status == .unauthorized { headers[.wwwAuthenticate] = "Bearer" }
    return try JSONBody.response(
      ErrorBody(error: .init(code: code, message: message, hint: hint)), status: status, headers: headers)
  }
}

/// `{"error":{"code","message","hint"}}`
private struct ErrorBody: Encodable {
  struct Content: Encodable {
    let code: String
    let message: String
    let hint: String?
  }
  let error: Content
}

extension PostgresError {
  /// The database is down, going down, coming up or full of connections: trying again can help.
  fileprivate var isAway: Bool {
    if isUnavailable || isTransient { return true }
    guard case .server(let state) = code else { return false }
    return state.hasPrefix("08") || state.hasPrefix("57P") || state.hasPrefix("53")
  }
}
