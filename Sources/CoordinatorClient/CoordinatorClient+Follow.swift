public import JobModel
import OrderedJSON
import Synchronization

/// What following a job's logs gives.
public enum LogEvent: Sendable, Equatable {
  case line(LogRecord)
  /// The job has ended and every line has been seen.
  case ended(JobState)
}

extension CoordinatorClient {
  /// The lines of a job as they come, by server-sent events, until the job has ended. A broken stream is
  /// taken up again after the last line seen: no line is lost, none comes twice.
  /// - Parameter silence: seconds without a sign of life (the server sends one every few seconds) after which
  ///   the stream counts as broken.
  public func follow(
    _ job: JobID, after sequence: Int64 = 0, silence: Int = 60,
    onEvent: @escaping @Sendable (LogEvent) -> Void
  ) async throws {
    let reader = Mutex(LogStreamReader(lastSequence: sequence))
    var failures = 0
    while true {
      let seen = reader.withLock { $0.startAgain() }
      var request = request(
        "GET", "/v1/jobs/\(job)/logs/stream?after=\(seen)", body: nil, timeout: nil)
      request.headers.append("Accept: text/event-stream")
      request.silenceTimeout = silence
      do {
        let response = try await HTTPTransport.shared.stream(request) { bytes in
          for event in reader.withLock({ $0.receive(bytes) }) { onEvent(event) }
        }
        if response.status != 200 { throw refusal(response) }
        if reader.withLock({ $0.hasEnded }) { return }
      } catch let error as TransportError {
        if reader.withLock({ $0.hasEnded }) { return }
        let failure = failure(error, request)
        if failure.kind != .unreachable { throw failure }
      } catch let error as CoordinatorError where error.kind == .unavailable {
        // The database is away; the plain call below waits for it.
      }
      failures = reader.withLock { $0.lastSequence } > seen ? 0 : failures + 1
      // Waits, with this client's patience, until the coordinator answers again, and ends when the job is
      // gone or the token no longer holds.
      let _: JobRecord = try await get("/v1/jobs/\(job)/wait?seconds=0")
      if failures > 1 { try await Task.sleep(for: .seconds(Patience.delay(after: failures, random: 0.5))) }
    }
  }
}

/// Reads server-sent events from whatever pieces the network gives.
struct LogStreamReader: Sendable {
  private(set) var lastSequence: Int64
  private(set) var hasEnded = false
  private var line: [UInt8] = []
  private var name = ""
  private var data: [UInt8] = []

  init(lastSequence: Int64) { self.lastSequence = lastSequence }

  /// Forgets a half event; gives the last line seen.
  mutating func startAgain() -> Int64 {
    line = []
    name = ""
    data = []
    return lastSequence
  }

  mutating func receive(_ bytes: some Sequence<UInt8>) -> [LogEvent] {
    var events: [LogEvent] = []
    for byte in bytes {
      guard byte == UInt8(ascii: "\n") else {
        line.append(byte)
        continue
      }
      if line.last == UInt8(ascii: "\r") { line.removeLast() }
      if line.isEmpty {
        if let event = takeEvent() { events.append(event) }
      } else {
        field()
      }
      line.removeAll(keepingCapacity: true)
    }
    return events
  }

  private mutating func field() {
    guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > 0 else { return }
    var value = line[(colon + 1)...]
    if value.first == UInt8(ascii: " ") { value = value.dropFirst() }
    switch String(decoding: line[..<colon], as: UTF8.self) {
    case "event": name = String(decoding: value, as: UTF8.self)
    case "data": data += value
    default: break
    }
  }

  private mutating func takeEvent() -> LogEvent? {
    defer {
      name = ""
      data = []
    }
    switch name {
    case "line":
      guard let record = try? JSON(parsing: data).decode(LogRecord.self),
        record.sequence > lastSequence
      else { return nil }
      lastSequence = record.sequence
      return .line(record)
    case "end":
      guard let state = JobState(rawValue: String(decoding: data, as: UTF8.self)) else { return nil }
      hasEnded = true
      return .ended(state)
    default: return nil
    }
  }
}
