import Yams

/// Why a text is no YAML, in a person's words: the line, and the cure where a mistake that people make lies behind it.
struct YAMLMistake {
  /// The parser's message is short of the cure, and where a text lacks quotes it names something that is not there.
  let description: String

  init(_ error: YamlError, in name: String) {
    switch error {
    case .scanner(let context, let problem, let mark, let text),
      .parser(let context, let problem, let mark, let text),
      .composer(let context, let problem, let mark, let text):
      let place = Place(context: context, problem: problem, mark: mark, lines: Self.lines(of: text))
      let what = [context?.text, problem].compactMap(\.self).joined(separator: ", ")
      var lines = ["\(name), line \(place.number): not valid YAML: \(what)"]
      if !place.line.isEmpty, mark.column <= 200 {
        lines += ["  \(place.line.prefix(200))", "  " + String(repeating: " ", count: mark.column - 1) + "^"]
      }
      if let cure = place.cure { lines.append(cure) }
      description = lines.joined(separator: "\n")
    case .duplicatedKeysInMapping(let keys, let context):
      let names = keys.sorted().map { "'\($0)'" }.joined(separator: ", ")
      description =
        "\(name), line \(context.mark.line): the key \(names) is there twice or more; leave one of them"
    default:
      description = "\(name) is not valid YAML: \(error)"
    }
  }

  private static func lines(of text: String) -> [Substring] {
    text.split(omittingEmptySubsequences: false) { $0.isNewline }
  }

  /// Where the parser gave up.
  private struct Place {
    let context: YamlError.Context?
    let problem: String
    let mark: Mark
    let lines: [Substring]

    var number: Int { min(mark.line, lines.count) }
    var line: Substring { lines.indices.contains(number - 1) ? lines[number - 1] : "" }
    private var before: Substring { line.prefix(max(0, mark.column - 1)) }

    var cure: String? {
      let during = context?.text ?? ""
      if line.prefix(while: { $0.isWhitespace }).contains("\t") { return "indent with blanks, not with tabs" }
      if during.contains("single document") {
        return "a file holds one job, or several in a list under the one key 'jobs'"
      }
      if during.contains("alias") || during.contains("anchor") {
        return "a text that begins with '*' or '&' needs quotes, as in cron: '* 22 * * *'"
      }
      if problem.contains("cannot start any token"), let first = line.dropFirst(before.count).first {
        return "a text that begins with '\(first)' needs quotes"
      }
      if during.contains("quoted scalar"), let context {
        return "the quote that opens in line \(context.mark.line) is not closed"
      }
      if during.contains("flow sequence") || during.contains("flow mapping"), let context {
        return "the bracket that opens in line \(context.mark.line) is not closed, or a comma is missing"
      }
      if problem.contains("mapping values are not allowed") {
        return before.contains(": ")
          ? "a text with ': ' in it needs quotes"
          : "look at the line before it too: a key, ':', a blank and the value, all keys equally far from the margin"
      }
      if problem.contains("expected ':'") || problem.contains("block end") {
        return "a line is a key, ':', a blank and the value, and all keys are equally far from the margin"
      }
      return nil
    }
  }
}
