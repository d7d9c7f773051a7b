import FoundationEssentials

/// The SQL statements in the source files of JobStore, as they stand there.
enum StatementSources {
  struct Statement {
    let file: String
    let text: String
  }

  static func all() throws -> [Statement] {
    let root = #filePath.split(separator: "/").dropLast(3).map { "/" + $0 }.joined() + "/Sources/JobStore"
    var found: [Statement] = []
    for name in try FileManager.default.subpathsOfDirectory(atPath: root) where name.hasSuffix(".swift") {
      let source = String(
        decoding: FileManager.default.contents(atPath: "\(root)/\(name)") ?? Data(), as: UTF8.self)
      found += literals(in: source).map { Statement(file: name, text: $0) }
    }
    return found
  }

  /// The first argument of every call of `execute` and of every `Statement`.
  private static func literals(in source: String) -> [String] {
    var rest = Substring(source)
    var found: [String] = []
    while let call = ["execute(", "Statement("].compactMap({ rest.firstRange(of: $0) })
      .min(by: { $0.lowerBound < $1.lowerBound })
    {
      rest = rest[call.upperBound...].drop { $0.isWhitespace }
      let quote = rest.hasPrefix("\"\"\"") ? "\"\"\"" : "\""
      guard rest.hasPrefix(quote) else { continue }
      rest = rest.dropFirst(quote.count)
      guard let end = rest.firstRange(of: quote) else { continue }
      found.append(String(rest[..<end.lowerBound]))
      rest = rest[end.upperBound...]
    }
    return found
  }

  /// How many parameters a statement has.
  static func parameters(of text: String) -> Int {
    text.split(separator: "$").dropFirst().compactMap { Int($0.prefix { $0.isNumber }) }.max() ?? 0
  }
}
