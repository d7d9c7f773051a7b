import HTTPClient
public import JobModel
import OrderedJSON
import Synchronization

extension CoordinatorClient {
  /// Reads one stream to its end or its break.
  /// - Returns: false when it broke and may be taken up again.
  func readStream(
    _ path: String, silence: Int, onBytes: @escaping @Sendable (UnsafeBufferPointer<UInt8>) -> Void
  ) async throws -> Bool {
    var request = request("GET", path, body: nil, timeout: nil)
    request.headers.append("Accept: text/event-stream")
    request.silenceTimeout = silence
    do {
      let response = try await HTTPTransport.shared.stream(request, onBytes: onBytes)
      if response.status != 200 { throw refusal(response) }
      return true
    } catch let error as TransportError {
      let failure = failure(error, request)
      if failure.kind != .unreachable { throw failure }
    } catch let error as CoordinatorError where error.kind == .unavailable || error.kind == .tooMany {
      // A plain call waits for what a stream cannot.
    }
    return false
  }

  /// The events of the lab's jobs from now on, until its task is cancelled. A broken stream is taken up again: no
  /// event is lost, none comes twice.
  public func followEvents(
    silence: Int = 60, onEvent: @escaping @Sendable (EventRecord) -> Void
  ) async throws {
    let reader = Mutex(EventStreamReader())
    var failures = 0
    while true {
      try Task.checkCancellation()
      let after = reader.withLock { $0.startAgain() }
      let path = "/v1/events/stream" + (after.map { "?after=\($0)" } ?? "")
      let ended = try await readStream(path, silence: silence) { bytes in
        for event in reader.withLock({ $0.receive(bytes) }) { onEvent(event) }
      }
      // A coordinator that shuts down ends its streams.
      failures = ended ? 0 : failures + 1
      let _: Caller = try await get("/v1/me")
      if failures > 1 { try await Task.sleep(for: .seconds(Patience.delay(after: failures, random: 0.5))) }
    }
  }
}

/// Passes each event on once, whatever the stream repeats after a break.
struct EventStreamReader: Sendable {
  private var parser = ServerSentEventParser()
  private var seen: Set<Int64> = []
  /// Where the stream is to be taken up; nil before it said so.
  private var floor: Int64?

  mutating func startAgain() -> Int64? {
    parser.startAgain()
    return floor
  }

  mutating func receive(_ bytes: some Sequence<UInt8>) -> [EventRecord] {
    parser.receive(bytes).compactMap { event in
      if let floor = Int64(event.id) { self.floor = floor }
      if event.name == "ready", let known = try? JSON(parsing: event.data).decode([Int64].self) {
        // What happened before the stream began, and would come again after a break.
        seen.formUnion(known)
        return nil
      }
      guard event.name == "event", let record = try? JSON(parsing: event.data).decode(EventRecord.self),
        seen.insert(record.id).inserted
      else { return nil }
      if seen.count > 100_000, let floor { seen = seen.filter { $0 > floor } }
      return record
    }
  }
}
