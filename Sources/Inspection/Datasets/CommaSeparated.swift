/// Tables of comma-separated values (RFC 4180).
public enum CommaSeparated {
  /// A quoted field that the text ends in.
  public struct UnclosedQuote: Error, CustomStringConvertible {
    /// Where it begins, from 1 on.
    public let line: Int
    public var description: String { "line \(line): a quoted field is not closed" }
  }

  /// The rows of a table; a byte order mark and empty lines are passed over, quoted fields may hold anything. A quote
  /// within a field that does not begin with one is a character like any other: 3" pipe.
  public static func rows(_ text: String) throws(UnclosedQuote) -> [[String]] {
    var rows: [[String]] = []
    var row: [String] = []
    var field: [UInt8] = []
    var quoted = false
    var (line, quoteLine) = (1, 1)
    var bytes = Array(text.utf8)[...]
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes = bytes.dropFirst(3) }

    func endField() {
      row.append(String(decoding: field, as: UTF8.self))
      field = []
    }
    func endRow() {
      endField()
      if row != [""] { rows.append(row) }
      row = []
    }
    while let byte = bytes.popFirst() {
      if byte == UInt8(ascii: "\n") { line += 1 }
      switch (byte, quoted) {
      case (UInt8(ascii: "\""), true):
        if bytes.first == UInt8(ascii: "\"") {
          field.append(byte)
          bytes = bytes.dropFirst()
        } else {
          quoted = false
        }
      case (_, true): field.append(byte)
      case (UInt8(ascii: "\""), false) where field.isEmpty: (quoted, quoteLine) = (true, line)
      case (UInt8(ascii: ","), false): endField()
      case (UInt8(ascii: "\n"), false): endRow()
      case (UInt8(ascii: "\r"), false): continue
      default: field.append(byte)
      }
    }
    if quoted { throw UnclosedQuote(line: quoteLine) }
    endRow()
    return rows
  }

  /// One line without its line break; fields with commas, quotes or line breaks are quoted.
  public static func line(_ fields: [String]) -> String { fields.map(field).joined(separator: ",") }

  private static func field(_ text: String) -> String {
    guard text.utf8.contains(where: { $0 == 0x22 || $0 == 0x2C || $0 == 0x0A || $0 == 0x0D }) else {
      return text
    }
    return "\"" + text.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"")
      + "\""
  }
}
