import Synchronization

/// One line on standard error that shows how far something is: rewritten in place on a terminal; in a pipe
/// or a log a new line, and only when the text differs from the last one by more than its numbers' flow
/// would (at most one line per `plainInterval`).
final class ProgressLine: Sendable {
  private struct State: Sendable {
    var shown = ""
    var lastPlain: ContinuousClock.Instant?
  }

  private let state = Mutex(State())
  private let plainInterval: Duration

  init(plainInterval: Duration = .seconds(10)) { self.plainInterval = plainInterval }

  /// Shows `text` in place of what was shown.
  func show(_ text: String) {
    state.withLock { state in
      guard text != state.shown else { return }
      if Terminal.errorIsTerminal {
        state.shown = text
        Terminal.writeError("\r\u{1B}[2K" + String(text.prefix(cells: max(20, Terminal.width - 1))))
      } else {
        let now = ContinuousClock.now
        if let last = state.lastPlain, now - last < plainInterval { return }
        state.lastPlain = now
        state.shown = text
        Terminal.writeError(text + "\n")
      }
    }
  }

  /// Writes a whole line that stays, above the live one.
  func note(_ text: String) {
    state.withLock { state in
      if Terminal.errorIsTerminal, !state.shown.isEmpty {
        Terminal.writeError(
          "\r\u{1B}[2K" + text + "\n" + String(state.shown.prefix(cells: Terminal.width - 1)))
      } else {
        Terminal.writeError(text + "\n")
      }
    }
  }

  /// Takes the live line away, so that what follows starts on a clean one.
  func clear() {
    state.withLock { state in
      if Terminal.errorIsTerminal, !state.shown.isEmpty { Terminal.writeError("\r\u{1B}[2K") }
      state.shown = ""
    }
  }

  /// A bar such as "████▌     ".
  static func bar(_ share: Double, width: Int = 20) -> String {
    let share = share.isFinite ? max(0, min(1, share)) : 0
    let eighths = Int((share * Double(width) * 8).rounded())
    let parts: [Character] = ["▏", "▎", "▍", "▌", "▋", "▊", "▉"]
    var text = String(repeating: "█", count: eighths / 8)
    if eighths % 8 > 0 { text.append(parts[eighths % 8 - 1]) }
    return text + String(repeating: " ", count: width - text.count)
  }
}
