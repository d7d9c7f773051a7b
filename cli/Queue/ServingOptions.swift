import ArgumentParser
import JobStore

/// Where a coordinator listens, and how long it waits for a silent worker.
struct ServingOptions: ParsableArguments {
  @Option(help: "Address and port to listen on; port 0 takes a free one.") var listen = "127.0.0.1:8170"
  @Option(help: "A worker silent for so many seconds loses its tasks.") var leaseSeconds = 30.0
  @Option(help: "Workers renew their leases every so many seconds.") var heartbeatSeconds = 5.0

  func validate() throws {
    guard Self.address(listen) != nil else {
      throw ValidationError("--listen is an address and a port, such as 127.0.0.1:8170, not '\(listen)'")
    }
    guard (1...86_400).contains(leaseSeconds), heartbeatSeconds > 0, heartbeatSeconds * 2 <= leaseSeconds
    else {
      throw ValidationError("--lease-seconds is 1 to 86400 and at least twice --heartbeat-seconds")
    }
  }

  var timing: LeaseTiming { LeaseTiming(leaseSeconds: leaseSeconds, heartbeatSeconds: heartbeatSeconds) }

  /// "host:port" or "[v6]:port".
  static func address(_ text: String) -> (host: String, port: Int)? {
    guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]),
      (0...65_535).contains(port)
    else { return nil }
    var host = String(text[..<colon])
    if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
    return host.isEmpty ? nil : (host, port)
  }
}
