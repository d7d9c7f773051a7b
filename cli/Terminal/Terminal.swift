import Glibc
import Synchronization

/// What the process writes to: decides on colours, widths and live lines.
enum Terminal {
  static let outputIsTerminal = isatty(STDOUT_FILENO) == 1
  static let errorIsTerminal = isatty(STDERR_FILENO) == 1

  /// Columns of the terminal; 100 where there is none.
  static var width: Int { size(\.ws_col) ?? 100 }

  /// Rows of the terminal; without end where there is none.
  static var height: Int { size(\.ws_row) ?? .max }

  private static func size(_ side: KeyPath<winsize, UInt16>) -> Int? {
    var size = winsize()
    for descriptor in [STDOUT_FILENO, STDERR_FILENO] {
      if ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size[keyPath: side] > 0 {
        return Int(size[keyPath: side])
      }
    }
    return nil
  }

  /// Colours on standard output: on a terminal, unless NO_COLOR (no-color.org) or TERM=dumb say otherwise.
  static let colours: Bool = {
    if let value = getenv("NO_COLOR"), value.pointee != 0 { return false }
    if let term = getenv("TERM"), String(cString: term) == "dumb" { return false }
    return outputIsTerminal
  }()

  /// Whether something written to standard output did not get there; the program then fails at its end.
  static var outputIsIncomplete: Bool { outputFailed.load(ordering: .relaxed) }
  private static let outputFailed = Atomic(false)

  /// Writes the whole text to standard output. A reader that went away ends the program quietly. Where the output
  /// takes no more, as a file on a full disk, the first time is told on standard error, and the command goes on: it may
  /// be one that others depend on.
  static func write(_ text: String) {
    guard let code = write(text, to: STDOUT_FILENO) else { return }
    if outputFailed.exchange(true, ordering: .relaxed) { return }
    writeError("Error: standard output: \(String(cString: strerror(code))); what it got is incomplete\n")
  }

  static func writeError(_ text: String) { _ = write(text, to: STDERR_FILENO) }

  /// - Returns: the system's code where not everything could be written.
  private static func write(_ text: String, to descriptor: Int32) -> Int32? {
    var text = text
    var failure: Int32?
    text.withUTF8 { bytes in
      var rest = UnsafeRawBufferPointer(bytes)[...]
      while !rest.isEmpty {
        let count = Glibc.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
        if count < 0 {
          if errno == EINTR || errno == EAGAIN { continue }
          if errno == EPIPE { exit(141) }
          failure = errno
          return
        }
        rest = rest.dropFirst(count)
      }
    }
    return failure
  }
}

/// Text colours and weights; they vanish where colours are off.
enum Style: String {
  case bold = "1"
  case faint = "2"
  case red = "31"
  case green = "32"
  case yellow = "33"
  case blue = "34"
  case cyan = "36"

  func callAsFunction(_ text: String) -> String {
    Terminal.colours ? "\u{1B}[\(rawValue)m\(text)\u{1B}[0m" : text
  }
}
