import HTTPTypes
import Hummingbird

/// An error as the API tells it: `{"error":{"code","message","hint"}}` with the status that fits.
struct APIError: Error, HTTPResponseError {
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

  static func badRequest(_ message: String, hint: String? = nil) -> APIError {
    APIError(.badRequest, "bad-request", message, hint: hint)
  }

  /// Also said of what belongs to another lab: its existence is not given away.
  static func notFound(_ what: String) -> APIError {
    APIError(.notFound, "not-found", "there is no \(what)")
  }

  static func forbidden(_ message: String) -> APIError { APIError(.forbidden, "forbidden", message) }

  static let wrongToken = APIError(
    .unauthorized, "unauthorized", "the token is missing, unknown, expired or revoked",
    hint: "'ar1 token create' makes a new one; give it with --token-file or AR1_TOKEN")

  static let noDatabase = APIError(
    .serviceUnavailable, "database-unavailable", "the coordinator cannot reach its database",
    hint: "it goes on by itself when the database is back", retryAfter: 1)

  func response(from request: Request, context: some RequestContext) throws -> Response {
    var headers = HTTPFields()
    if let retryAfter { headers[.retryAfter] = String(retryAfter) }
    if status == .unauthorized { headers[.wwwAuthenticate] = "Bearer" }
    return try JSONBody.response(
      ErrorBody(error: .init(code: code, message: message, hint: hint)), status: status, headers: headers)
  }
}
