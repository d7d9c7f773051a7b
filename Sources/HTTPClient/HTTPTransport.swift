import CCurl
import Glibc
import Synchronization

/// One HTTP request as the transport sends it.
package struct HTTPRequest: Sendable {
  package var method: String
  package var url: String
  package var headers: [String]
  package var body: [UInt8]?
  /// The whole exchange, in seconds; nil: no limit (streams).
  package var timeout: Double?
  /// Without a byte for this long the exchange is given up, in seconds; nil: no limit.
  package var silenceTimeout: Int?
  /// A longer body ends the exchange with an error.
  package var maximumResponseBytes: Int
  /// PEM file of the certificates to trust; nil trusts the system's.
  package var authority: String?

  package init(
    method: String, url: String, headers: [String] = [], body: [UInt8]? = nil,
    timeout: Double? = 30, silenceTimeout: Int? = nil, maximumResponseBytes: Int = 64 << 20,
    authority: String? = nil
  ) {
    self.method = method
    self.url = url
    self.headers = headers
    self.body = body
    self.timeout = timeout
    self.silenceTimeout = silenceTimeout
    self.maximumResponseBytes = maximumResponseBytes
    self.authority = authority
  }
}

package struct HTTPResponse: Sendable {
  package let status: Int
  package let body: [UInt8]
  /// Seconds the server asked to wait.
  package let retryAfter: Double?
}

/// An exchange that gave no answer.
package enum TransportError: Error, Sendable, Equatable {
  /// No connection was made, so the server has seen nothing.
  case unreachable(String)
  /// The server's certificate is none to trust; it has seen nothing.
  case untrusted(String)
  case timedOut
  /// The connection broke; the server may have acted on the request.
  case broken(String)
  case responseTooLong(limit: Int)
  case unusableURL(String)
}

extension TransportError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .unreachable(let reason): "no connection (\(reason))"
    case .untrusted(let reason): "no certificate to trust (\(reason))"
    case .timedOut: "no answer in time"
    case .broken(let reason): "the connection broke (\(reason))"
    case .responseTooLong(let limit): "the answer is longer than \(limit) bytes"
    case .unusableURL(let reason): "the address cannot be used (\(reason))"
    }
  }
}

/// All HTTP exchanges of the process on one thread of its own, driven by libcurl's multi interface:
/// callers suspend, no thread of the cooperative pool waits, connections are kept and used again.
package final class HTTPTransport: Sendable {
  package static let shared = HTTPTransport()

  private struct Inbox: Sendable {
    var begun: [Transfer] = []
    var cancelled: [UInt64] = []
    var nextID: UInt64 = 0
    var isStarted = false
  }

  private let inbox = Mutex(Inbox())
  private let loop: Loop

  package init() { loop = Loop() }

  package func send(_ request: HTTPRequest) async throws -> HTTPResponse {
    let id = inbox.withLock { inbox in
      inbox.nextID += 1
      return inbox.nextID
    }
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        begin(
          Transfer(id: id, request: request, onBytes: nil) { continuation.resume(with: $0) })
        // A cancellation before the line above found nothing to cancel.
        if Task.isCancelled { cancel(id) }
      }
    } onCancel: {
      cancel(id)
    }
  }

  /// Hands over the body piece by piece while it arrives, if the status is 200; other bodies are collected.
  /// Returns when the server ends the stream.
  package func stream(
    _ request: HTTPRequest, onBytes: @escaping @Sendable (UnsafeBufferPointer<UInt8>) -> Void
  ) async throws -> HTTPResponse {
    let id = inbox.withLock { inbox in
      inbox.nextID += 1
      return inbox.nextID
    }
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        begin(
          Transfer(id: id, request: request, onBytes: onBytes) { continuation.resume(with: $0) })
        if Task.isCancelled { cancel(id) }
      }
    } onCancel: {
      cancel(id)
    }
  }

  private func begin(_ transfer: Transfer) {
    let mustStart = inbox.withLock { inbox in
      inbox.begun.append(transfer)
      defer { inbox.isStarted = true }
      return !inbox.isStarted
    }
    if mustStart { start() } else { loop.wake() }
  }

  private func cancel(_ id: UInt64) {
    inbox.withLock { $0.cancelled.append(id) }
    loop.wake()
  }

  private func start() {
    let transport = Unmanaged.passRetained(self)
    var thread = pthread_t()
    let failure = pthread_create(
      &thread, nil,
      { argument in
        if let argument {
          Unmanaged<HTTPTransport>.fromOpaque(argument).takeRetainedValue().drive()
        }
        return nil
      }, transport.toOpaque())
    guard failure == 0 else {
      transport.release()
      let orphans = inbox.withLock { inbox in
        inbox.isStarted = false
        defer { inbox.begun = [] }
        return inbox.begun
      }
      for orphan in orphans { orphan.finish(.failure(.broken("no thread for the HTTP client"))) }
      return
    }
    pthread_detach(thread)
  }

  /// The thread's whole life.
  private func drive() {
    var signals = sigset_t()
    sigfillset(&signals)
    pthread_sigmask(SIG_BLOCK, &signals, nil)

    guard let multi = loop.pointer else {
      while true {
        let begun = inbox.withLock { inbox in
          defer { inbox.begun = [] }
          return inbox.begun
        }
        for transfer in begun { transfer.finish(.failure(.broken("libcurl does not start"))) }
        usleep(100_000)
      }
    }
    var running: [UInt64: (transfer: Transfer, handle: OpaquePointer)] = [:]
    while true {
      let (begun, cancelled) = inbox.withLock { inbox in
        defer {
          inbox.begun = []
          inbox.cancelled = []
        }
        return (inbox.begun, inbox.cancelled)
      }
      for transfer in begun {
        if let handle = transfer.begin(in: multi) {
          running[transfer.id] = (transfer, handle)
        } else {
          transfer.finish(.failure(.broken("libcurl is out of memory")))
        }
      }
      for id in cancelled {
        guard let (transfer, handle) = running.removeValue(forKey: id) else { continue }
        ar1_http_end(multi, handle)
        transfer.cancel()
      }
      ar1_http_step(multi, 60_000)
      var result = ar1_http_result()
      while ar1_http_take_finished(multi, &result) == 1 {
        guard let context = result.context else { continue }
        let transfer = Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
        guard let (_, handle) = running.removeValue(forKey: transfer.id) else { continue }
        ar1_http_end(multi, handle)
        transfer.finish(result)
      }
    }
  }
}

/// The loop's pointer. Sendable: it is set once here; the thread of the transport alone passes it to
/// libcurl, except for `wake`, which libcurl allows from any thread. It lives as long as the process.
private struct Loop: @unchecked Sendable {
  let pointer: OpaquePointer? = ar1_http_loop_create()

  func wake() {
    if let pointer { ar1_http_wake(pointer) }
  }
}

/// One exchange. Unchecked Sendable: created by the caller, handed over once through the locked inbox, and
/// after that touched by the transport's thread alone.
private final class Transfer: @unchecked Sendable {
  let id: UInt64
  private let request: HTTPRequest
  private let onBytes: (@Sendable (UnsafeBufferPointer<UInt8>) -> Void)?
  private let completion: (Result<HTTPResponse, any Error>) -> Void
  private var received: [UInt8] = []
  private var isTooLong = false

  init(
    id: UInt64, request: HTTPRequest,
    onBytes: (@Sendable (UnsafeBufferPointer<UInt8>) -> Void)?,
    completion: @escaping @Sendable (Result<HTTPResponse, any Error>) -> Void
  ) {
    self.id = id
    self.request = request
    self.onBytes = onBytes
    self.completion = completion
  }

  func begin(in loop: OpaquePointer) -> OpaquePointer? {
    let lines = request.headers.map { strdup($0) }
    let authority = request.authority.map { strdup($0) }
    defer {
      for line in lines { free(line) }
      if let authority { free(authority) }
    }
    var pointers: [UnsafePointer<CChar>?] = lines.map { UnsafePointer($0) }
    pointers.append(nil)
    return request.method.withCString { method in
      request.url.withCString { url in
        pointers.withUnsafeBufferPointer { headers in
          (request.body ?? []).withUnsafeBufferPointer { body in
            guard let headerLines = headers.baseAddress else { return nil }
            // An empty array has no address; libcurl needs one to send "Content-Length: 0".
            let noByte: StaticString = ""
            var description = ar1_http_request(
              method: method, url: url, headers: headerLines,
              body: request.body == nil ? nil : body.baseAddress ?? noByte.utf8Start,
              body_count: body.count,
              connect_timeout_ms: 5_000,
              total_timeout_ms: Int(((request.timeout ?? 0) * 1_000).rounded(.up)),
              silence_timeout_s: request.silenceTimeout ?? 0,
              authority: authority.flatMap { UnsafePointer($0) },
              on_bytes: { context, status, bytes, count in
                guard let context else { return 1 }
                let transfer = Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
                return transfer.receive(
                  UnsafeBufferPointer(start: bytes, count: count), status: status) ? 0 : 1
              },
              context: Unmanaged.passUnretained(self).toOpaque())
            return ar1_http_begin(loop, &description)
          }
        }
      }
    }
  }

  private func receive(_ bytes: UnsafeBufferPointer<UInt8>, status: Int) -> Bool {
    if let onBytes, status == 200 {
      onBytes(bytes)
      return true
    }
    guard received.count + bytes.count <= request.maximumResponseBytes else {
      isTooLong = true
      return false
    }
    received.append(contentsOf: bytes)
    return true
  }

  func cancel() { completion(.failure(CancellationError())) }

  func finish(_ result: Result<HTTPResponse, TransportError>) {
    completion(result.mapError { $0 })
  }

  func finish(_ result: ar1_http_result) {
    let message = withUnsafeBytes(of: result.message) { bytes in
      String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
    switch result.outcome {
    case AR1_HTTP_OK:
      finish(
        .success(
          HTTPResponse(
            status: result.status, body: received,
            retryAfter: result.retry_after_s > 0 ? Double(result.retry_after_s) : nil)))
    case AR1_HTTP_UNREACHABLE: finish(.failure(.unreachable(message)))
    case AR1_HTTP_UNTRUSTED: finish(.failure(.untrusted(message)))
    case AR1_HTTP_TIMEOUT: finish(.failure(.timedOut))
    case AR1_HTTP_BAD_URL: finish(.failure(.unusableURL(message)))
    default:
      finish(
        .failure(
          isTooLong ? .responseTooLong(limit: request.maximumResponseBytes) : .broken(message)))
    }
  }
}
