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
