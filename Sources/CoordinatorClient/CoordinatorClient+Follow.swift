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
      do {
        _ = try await readStream("/v1/jobs/\(job)/logs/stream?after=\(seen)", silence: silence) { bytes in
          for event in reader.withLock({ $0.receive(bytes) }) { onEvent(event) }
        }
      } catch  where reader.withLock({ $0.hasEnded }) {
        return
      }
      if reader.withLock({ $0.hasEnded }) { return }
      failures = reader.withLock { $0.lastSequence } > seen ? 0 : failures + 1
      // Waits, with this client's patience, until the coordinator answers again, and ends when the job is
      // gone or the token no longer holds.
      let _: JobRecord = try await get("/v1/jobs/\(job)/wait?seconds=0")
      if failures > 1 { try await Task.sleep(for: .seconds(Patience.delay(after: failures, random: 0.5))) }
    }
  }
}

/// Passes each line on once, whatever the stream repeats after a break.
struct LogStreamReader: Sendable {
  private(set) var lastSequence: Int64
  private(set) var hasEnded = false
  private var parser = ServerSentEventParser()

  init(lastSequence: Int64) { self.lastSequence = lastSequence }

  /// Forgets a half event; gives the last line seen.
  mutating func startAgain() -> Int64 {
    parser.startAgain()
    return lastSequence
  }

  mutating func receive(_ bytes: some Sequence<UInt8>) -> [LogEvent] {
    parser.receive(bytes).compactMap { event in
      switch event.name {
      case "line":
        guard let record = try? JSON(parsing: event.data).decode(LogRecord.self),
          record.sequence > lastSequence
        else { return nil }
        lastSequence = record.sequence
        return .line(record)
      case "end":
        guard let state = JobState(rawValue: event.text) else { return nil }
        hasEnded = true
        return .ended(state)
      default: return nil
      }
    }
  }
}
