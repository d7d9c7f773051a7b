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
  /// Whether it goes to machines in the network alone: neither to this machine's loopback nor to link-local addresses. So
  /// that whoever names the address reaches nothing that the network does not.
  package var onlyNetwork: Bool

  package init(
    method: String, url: String, headers: [String] = [], body: [UInt8]? = nil,
    timeout: Double? = 30, silenceTimeout: Int? = nil, maximumResponseBytes: Int = 64 << 20,
    authority: String? = nil, onlyNetwork: Bool = false
  ) {
    self.method = method
    self.url = url
    self.headers = headers
    self.body = body
    self.timeout = timeout
    self.silenceTimeout = silenceTimeout
    self.maximumResponseBytes = maximumResponseBytes
    self.authority = authority
    self.onlyNetwork = onlyNetwork
  }
}

package struct HTTPResponse: Sendable {
  package let status: Int
  package let body: [UInt8]
  /// Seconds the server asked to wait.
  package let retryAfter: Double?
}
