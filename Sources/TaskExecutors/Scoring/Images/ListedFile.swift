internal import FoundationEssentials
internal import Inspection
internal import WorkerRuntime

/// Text files that name other files.
enum ListedFile {
  private static let mostBytes = 1 << 30

  /// The folder from which a list's relative paths are taken.
  static func folder(of path: String) -> String {
    let parts = path.split(separator: "/", omittingEmptySubsequences: false).dropLast()
    return parts.count > 1 ? parts.joined(separator: "/") : "/"
  }

  /// What the file says, without the byte order mark that some editors begin it with.
  static func text(_ path: String) throws -> String {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw TaskError(.userError, "\(path) cannot be read on the worker's machine")
    }
    guard data.count <= mostBytes, let text = String(validating: data, as: UTF8.self) else {
      throw TaskError(.userError, "\(path) is no list in UTF-8 of at most \(mostBytes >> 20) MiB")
    }
    return text.unicodeScalars.first == "\u{FEFF}" ? String(text.unicodeScalars.dropFirst()) : text
  }

  /// The rows of a .csv by column name; its first line names the columns, in any order and case. Spaces around a class
  /// are none of its name; those of a path may be.
  static func table(_ path: String, columns: [String]) throws -> [[String: String]] {
    let text = try text(path)
    let lines: [[String]]
    do {
      lines = try CommaSeparated.rows(text)
    } catch {
      throw TaskError(.userError, "\(path), \(error)")
    }
    let names = (lines.first ?? []).map { $0.lowercased().filter { $0 != " " } }
    for column in columns where !names.contains(column) {
      throw TaskError(
        .userError,
        "\(path) needs a first line that names its columns, \(columns.joined(separator: " and ")) among them; "
          + "found \(names.isEmpty ? "nothing" : names.joined(separator: ", "))")
    }
    return lines.dropFirst().map { line in
      let cells = zip(names, line).map { name, cell in (name, name == "class" ? trimmed(cell) : cell) }
      return Dictionary(cells, uniquingKeysWith: { first, _ in first })
    }
  }

  private static func trimmed(_ cell: String) -> String {
    let inner = cell.drop { $0.isWhitespace }
    return String(inner.reversed().drop { $0.isWhitespace }.reversed())
  }
}
