import JobModel
import Synchronization

/// Lines of one task that the coordinator has not confirmed yet. Bounded: when the coordinator stays away for
/// long the oldest lines go, and a line says how many.
final class LogBuffer: Sendable {
  static let mostLines = 20_000
  /// A request carries at most this much text.
  static let batchLines = 500
  static let batchBytes = 256 << 10
  /// A longer line is cut.
  static let longestLine = 16 << 10

  private struct State: Sendable {
    var lines: [LogLine] = []
    var dropped = 0
    var isStale = false
  }

  let lease: Lease
  private let state = Mutex(State())

  init(lease: Lease) { self.lease = lease }

  func add(_ text: String, stream: LogLine.Stream) {
    state.withLock { state in
      guard !state.isStale else { return }
      for part in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) {
        // PostgreSQL stores no zero bytes in text.
        var line = part.utf8.contains(0) ? String(part.map { $0 == "\0" ? "␀" : $0 }) : String(part)
        if line.utf8.count > Self.longestLine {
          line = String(decoding: line.utf8.prefix(Self.longestLine), as: UTF8.self) + " … (cut)"
        }
        state.lines.append(LogLine(line, stream: stream))
      }
      let excess = state.lines.count - Self.mostLines
      if excess > 0 {
        state.lines.removeFirst(excess)
        state.dropped += excess
      }
    }
  }

  /// The oldest lines, still in the buffer until `confirm` is called with their number.
  func nextBatch() -> [LogLine] {
    state.withLock { state in
      if state.dropped > 0 {
        state.lines.insert(
          LogLine("… \(state.dropped) lines were lost while the coordinator was away", stream: .error), at: 0)
        state.dropped = 0
      }
      var bytes = 0
      var count = 0
      for line in state.lines.prefix(Self.batchLines) {
        bytes += line.text.utf8.count
        if count > 0, bytes > Self.batchBytes { break }
        count += 1
      }
      return Array(state.lines.prefix(count))
    }
  }

  func confirm(_ count: Int) {
    state.withLock { state in
      // Lines dropped in the meantime were the oldest, so they are among the confirmed ones.
      let already = min(state.dropped, count)
      state.dropped -= already
      state.lines.removeFirst(min(count - already, state.lines.count))
    }
  }

  /// The lease is over: nothing more will be taken.
  func discard() {
    state.withLock { state in
      state.isStale = true
      state.lines = []
    }
  }
}
