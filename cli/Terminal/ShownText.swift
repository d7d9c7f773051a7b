import JobModel

/// Text that others have written, such as names, reasons and log lines, as it may be shown.
enum ShownText {
  /// With a sign in place of each character that would steer the terminal: a name or a log line shall not clear the screen,
  /// set a title or fill the clipboard of whoever looks. Line breaks and tabs stay.
  static func of(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: steers) else { return text }
    return String(String.UnicodeScalarView(text.unicodeScalars.map { steers($0) ? "\u{FFFD}" : $0 }))
  }

  private static func steers(_ scalar: Unicode.Scalar) -> Bool {
    OneLine.steers(scalar) && scalar != "\n" && scalar != "\t"
  }
}
