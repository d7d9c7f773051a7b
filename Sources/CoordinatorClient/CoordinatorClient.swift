package import HTTPClient
import JobModel
import OrderedJSON
import Synchronization

/// The coordinator's API as functions. Calls suspend and never hold a thread; cancelling the task that waits
/// ends the exchange at once.
public final class CoordinatorClient: Sendable {
  public let url: String
  private let token: String
  private let authority: String?
  private let patience: Patience
  private let onWaiting: (@Sendable (String) -> Void)?
  private let isWaiting = Mutex(false)

  /// - Parameters:
  ///   - url: `http://host:port`, without a slash at its end.
  ///   - authority: a PEM file of certificates to trust in place of the system's, for https.
  ///   - onWaiting: is told once when waiting for a coordinator or its database begins, and once when it is
  ///     over.
  public init(
    url: String, token: String, patience: Patience = .brief, authority: String? = nil,
    onWaiting: (@Sendable (String) -> Void)? = nil
  ) {
    self.url = url
    self.token = token
    self.authority = authority
    self.patience = patience
    self.onWaiting = onWaiting
  }

  // MARK: Calls

  func get<Reply: Decodable>(_ path: String, timeout: Double = 30) async throws -> Reply {
    try await decoded(
      exchange(request("GET", path, body: nil, timeout: timeout), mayRepeat: true), path)
  }

  func delete(_ path: String) async throws {
    _ = try await exchange(request("DELETE", path, body: nil, timeout: 30), mayRepeat: true)
  }

  /// - Parameters:
  ///   - mayRepeat: whether the coordinator may see the call twice without harm.
  ///   - patience: in place of the client's own.
  func post<Reply: Decodable>(
    _ path: String, _ body: some Encodable, mayRepeat: Bool, timeout: Double = 30,
    patience: Patience? = nil
  ) async throws -> Reply {
    try await decoded(
      exchange(
        request("POST", path, body: try Self.encode(body), timeout: timeout), mayRepeat: mayRepeat,
        patience: patience), path)
  }

  /// A call whose answer says nothing more than that it was done.
  func post(
    _ path: String, _ body: some Encodable, mayRepeat: Bool, patience: Patience? = nil
  ) async throws {
    _ = try await exchange(
      request("POST", path, body: try Self.encode(body), timeout: 30), mayRepeat: mayRepeat,
      patience: patience)
  }

  // MARK: Exchange

  private static func encode(_ body: some Encodable) throws -> [UInt8] {
    let tree = try JSON(encoding: body)
    guard tree.isSerializable else {
      throw CoordinatorError(
        kind: .invalid, code: "not-finite",
        message: "a number in the request is not finite, which JSON cannot hold")
    }
    return Array(tree.serialized().utf8)
  }

  private func decoded<Reply: Decodable>(_ response: HTTPResponse, _ path: String) throws -> Reply {
    do {
      return try JSON(parsing: response.body).decode(Reply.self)
    } catch {
      throw CoordinatorError(
        kind: .unexpected, status: response.status, code: "unreadable-reply",
        message: "the answer of \(url)\(path) is not what this version of ar1 reads (\(error))",
        hint: "check that the URL is a coordinator's and that both sides have the same version")
    }
  }

  package func request(
    _ method: String, _ path: String, body: [UInt8]?, timeout: Double?
  ) -> HTTPRequest {
    var headers = ["Authorization: Bearer \(token)", "Accept: application/json"]
    if body != nil { headers.append("Content-Type: application/json") }
    return HTTPRequest(
      method: method, url: url + path, headers: headers, body: body, timeout: timeout, authority: authority)
  }

  /// Sends until there is an answer, patience is at its end or the task is cancelled.
  package func exchange(
    _ request: HTTPRequest, mayRepeat: Bool, patience: Patience? = nil
  ) async throws -> HTTPResponse {
    let patience = patience ?? self.patience
    let start = ContinuousClock.now
    var number = 0
    while true {
      number += 1
      var delay = Patience.delay(after: number, random: .random(in: 0..<1))
      let failure: CoordinatorError
      switch await attempt(request) {
      case .success(let response) where (200..<300).contains(response.status):
        noteWaiting(false, "the coordinator at \(url) answers again")
        return response
      case .success(let response):
        failure = refusal(response)
        if failure.kind != .unavailable, failure.kind != .tooMany {
          noteWaiting(false, "the coordinator at \(url) answers again")
        }
        // A commit whose answer was lost may have happened: a 503 is repeated only where that does no harm.
        // Where there were too many requests nothing was done.
        guard failure.kind == .tooMany || (failure.kind == .unavailable && mayRepeat) else { throw failure }
        let longest = failure.kind == .tooMany ? 60.0 : 5
        if let after = response.retryAfter { delay = max(delay, min(after, longest)) }
      case .failure(let error):
        guard let transport = error as? TransportError else { throw error }
        failure = self.failure(transport, request)
        guard failure.kind == .unreachable, mayRepeat || transport.sawNothing else { throw failure }
      }
      if let seconds = patience.seconds {
        let left = .seconds(seconds) - (ContinuousClock.now - start)
        guard left > .seconds(delay) else { throw failure }
      }
      noteWaiting(true, "waiting: \(failure.message)")
      try await Task.sleep(for: .seconds(delay))
    }
  }

  private func attempt(_ request: HTTPRequest) async -> Result<HTTPResponse, any Error> {
    do { return .success(try await HTTPTransport.shared.send(request)) } catch { return .failure(error) }
  }

  private func noteWaiting(_ waiting: Bool, _ text: String) {
    let changed = isWaiting.withLock { isWaiting in
      defer { isWaiting = waiting }
      return isWaiting != waiting
    }
    if changed { onWaiting?(text) }
  }

  package func refusal(_ response: HTTPResponse) -> CoordinatorError {
    let kind = CoordinatorError.kind(ofStatus: response.status)
    if let envelope = try? JSON(parsing: response.body).decode(ErrorEnvelope.self) {
      return CoordinatorError(
        kind: kind, status: response.status, code: envelope.error.code, message: envelope.error.message,
        hint: envelope.error.hint)
    }
    return CoordinatorError(
      kind: kind == .unavailable ? kind : .unexpected, status: response.status, code: "unexpected-answer",
      message: "\(url) answered with status \(response.status), not as a coordinator does",
      hint: "check the URL")
  }

  /// Whether the other side answered, and not in TLS: in the words of OpenSSL and of GnuTLS.
  private static func speaksNoTLS(_ reason: String) -> Bool {
    ["wrong version number", "packet length too long", "unexpected TLS packet"].contains {
      reason.contains($0)
    }
  }

  package func failure(_ error: TransportError, _ request: HTTPRequest) -> CoordinatorError {
    func unreachable(_ code: String, _ message: String, _ more: String = "") -> CoordinatorError {
      CoordinatorError(
        kind: .unreachable, code: code, message: message,
        hint: "check that 'ar1 up' or 'ar1 coordinator' runs there\(more)")
    }
    let isSecure = url.hasPrefix("https:")
    switch error {
    case .untrusted(let reason):
      return CoordinatorError(
        kind: .unreachable, code: "untrusted", message: "\(url) shows no certificate to trust (\(reason))",
        hint: "name the certificate that it, or whoever signed it, has with --ca or AR1_CA")
    case .unreachable(let reason) where isSecure && Self.speaksNoTLS(reason):
      return unreachable(
        "no-tls", "what answers at \(url) does not speak TLS (\(reason))",
        "; one without a certificate is reached by http://")
    case .unreachable(let reason):
      return unreachable("unreachable", "no coordinator answers at \(url) (\(reason))")
    case .timedOut: return unreachable("timeout", "the coordinator at \(url) gave no answer in time")
    case .broken(let reason):
      return unreachable(
        "broken", "the connection to the coordinator at \(url) broke (\(reason))",
        isSecure ? "" : "; one with a certificate is reached by https://")
    case .responseTooLong(let limit):
      return CoordinatorError(
        kind: .unexpected, code: "reply-too-long",
        message: "the answer of \(request.url) is longer than \(limit) bytes")
    case .unusableURL(let reason):
      return CoordinatorError(
        kind: .invalid, code: "unusable-url", message: "\(request.url) cannot be used (\(reason))",
        hint: "a coordinator's URL looks like http://queue.lab:8170")
    }
  }
}

extension TransportError {
  /// Whether the server cannot have acted on the request.
  fileprivate var sawNothing: Bool {
    switch self {
    case .unreachable, .untrusted: true
    default: false
    }
  }
}
