import Glibc

/// What the process writes to: decides on colours, widths and live lines.
enum Terminal {
  static let outputIsTerminal = isatty(STDOUT_FILENO) == 1
  static let errorIsTerminal = isatty(STDERR_FILENO) == 1

  /// Columns of the terminal; 100 where there is none.
  static var width: Int {
    var size = winsize()
    for descriptor in [STDOUT_FILENO, STDERR_FILENO] {
      if ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 { return Int(size.ws_col) }
    }
    return 100
  }

  /// Colours on standard output: on a terminal, unless NO_COLOR (no-color.org) or TERM=dumb say otherwise.
  static let colours: Bool = {
    if let value = getenv("NO_COLOR"), value.pointee != 0 { return false }
    if let term = getenv("TERM"), String(cString: term) == "dumb" { return false }
    return outputIsTerminal
  }()

  /// Writes the whole text to standard output. A reader that went away ends the program quietly.
  static func write(_ text: String) { write(text, to: STDOUT_FILENO) }

  static func writeError(_ text: String) { write(text, to: STDERR_FILENO) }

  private static func write(_ text: String, to descriptor: Int32) {
    var text = text
    text.withUTF8 { bytes in
      var rest = UnsafeRawBufferPointer(bytes)[...]
      while !rest.isEmpty {
        let count = Glibc.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
        if count < 0 {
          if errno == EINTR || errno == EAGAIN { continue }
          if errno == EPIPE { exit(141) }
          return
        }
        rest = rest.dropFirst(count)
      }
    }
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
