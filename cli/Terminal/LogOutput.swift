import Glibc
import Logging

/// How long-running commands log: one line on standard error, "17:08:09 worker  text", levels from warning on
/// named and coloured on a terminal.
struct LogOutput: LogHandler {
  var logLevel: Logger.Level
  var metadata: Logger.Metadata = [:]
  private let name: String

  static func logger(_ name: String, level: Logger.Level) -> Logger {
    Logger(label: name) { LogOutput(logLevel: level, name: $0) }
  }

  private init(logLevel: Logger.Level, name: String) {
    self.logLevel = logLevel
    self.name = name
  }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    var mark = ""
    switch event.level {
    case .critical, .error: mark = paint("error: ", "31")
    case .warning: mark = paint("warning: ", "33")
    default: break
    }
    Terminal.writeError("\(LocalTime(Double(now.tv_sec)).seconds) \(name)  \(mark)\(event.message)\n")
  }

  private func paint(_ text: String, _ colour: String) -> String {
    Terminal.errorIsTerminal ? "\u{1B}[\(colour)m\(text)\u{1B}[0m" : text
  }
}
