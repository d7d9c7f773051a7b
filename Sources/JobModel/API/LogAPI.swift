public struct LogLine: Codable, Sendable, Equatable {
  public var stream: Stream
  public var text: String

  public enum Stream: String, Codable, Sendable { case log, output, error }

  public init(_ text: String, stream: Stream = .log) {
    self.stream = stream
    self.text = text
  }
}

public struct AppendLogsRequest: Codable, Sendable, Equatable {
  public var lease: Lease
  public var lines: [LogLine]
  public init(lease: Lease, lines: [LogLine]) {
    self.lease = lease
    self.lines = lines
  }
}
