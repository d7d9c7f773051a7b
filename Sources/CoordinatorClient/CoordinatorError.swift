/// Why a call to the coordinator gave no result.
public struct CoordinatorError: Error, Sendable, Equatable, CustomStringConvertible {
  public enum Kind: Sendable, Equatable {
    /// The token is missing, unknown, expired or revoked.
    case unauthorized
    case forbidden
    /// It does not exist, or belongs to another lab.
    case notFound
    /// It is no longer in the state the call needs: a lease that is over, a job that has ended.
    case conflict
    /// The request itself is wrong.
    case invalid
    case tooLarge
    /// The token has made too many requests in a short time; nothing was done.
    case tooMany
    /// The coordinator cannot reach its database.
    case unavailable
    /// There was no coordinator, or no answer from it.
    case unreachable
    /// An answer that no coordinator gives.
    case unexpected
  }

  public let kind: Kind
  /// The HTTP status; 0 without an answer.
  public let status: Int
  /// The server's stable name of the reason.
  public let code: String
  /// What was wrong with which input.
  public let message: String
  /// What to do about it.
  public let hint: String?

  package init(kind: Kind, status: Int = 0, code: String, message: String, hint: String? = nil) {
    self.kind = kind
    self.status = status
    self.code = code
    self.message = message
    self.hint = hint
  }

  public var description: String {
    guard let hint else { return message }
    return message + "\n" + hint
  }

  static func kind(ofStatus status: Int) -> Kind {
    switch status {
    case 401: .unauthorized
    case 403: .forbidden
    case 404: .notFound
    case 409: .conflict
    case 400, 422: .invalid
    case 413: .tooLarge
    case 429: .tooMany
    case 502, 503, 504: .unavailable
    default: .unexpected
    }
  }
}

/// `{"error":{"code","message","hint"}}`, the body of every refusal.
struct ErrorEnvelope: Decodable {
  struct Content: Decodable {
    let code: String
    let message: String
    let hint: String?
  }
  let error: Content
}
