/// Lines that a command draws anew in the same place of the terminal.
enum Frame {
  /// The lines that the terminal has room for, with the cursor below them. What is more would scroll the first ones out,
  /// and every drawing anew would scroll again, so the last line says how many are left out.
  static func fitting(_ lines: [String], rows: Int) -> [String] {
    guard lines.count >= rows, rows > 1 else { return lines }
    let shown = lines.prefix(rows - 2)
    return shown + [Style.faint("… \(lines.count - shown.count) more lines; a higher window shows them")]
  }

  /// What draws them in the place of lines drawn before. A line that went on in the next row would be counted as one; a
  /// narrow terminal cuts it instead.
  static func drawn(_ lines: [String]) -> String {
    "\u{1B}[?7l" + lines.map { "\u{1B}[2K\($0)\n" }.joined() + "\u{1B}[?7h"
  }
}
