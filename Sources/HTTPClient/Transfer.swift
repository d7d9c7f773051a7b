import CCurl
import Glibc

/// One exchange. Unchecked Sendable: created by the caller, handed over once through the locked inbox, and
/// after that touched by the transport's thread alone.
final class Transfer: @unchecked Sendable {
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
              only_network: request.onlyNetwork ? 1 : 0,
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
