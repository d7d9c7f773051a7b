extension EvaluationReport {
  /// The tables for a paper (package booktabs): by type of question and data set, by class, and the paper's own tables
  /// with a row for these numbers.
  public var latex: String {
    var text = "% \(counts)\n"
    for entry in origin { text += "% \(entry.name): \(entry.value)\n" }
    text += "% training pictures: \(overlap?.sentence ?? Self.unknownTraining)\n"
    for (mode, table) in [(MetricMode.strict, strict), (.upstream, upstream)] {
      text += Self.table(
        caption: "Accuracy (\\%) by type of question, \(mode.rawValue)",
        headings: ["Data set"] + Self.headings,
        rows: table.rows.map { [$0.dataset] + $0.named.map { fixed($0.value, 2, else: "--") } },
        last: [table.average.dataset] + table.average.named.map { fixed($0.value, 2, else: "--") })
    }
    if categories.rows.count > strict.rows.count {
      text += Self.table(
        caption: "Accuracy (\\%) by class, strict", headings: ["Class"] + Self.headings,
        rows: categories.rows.map { row in
          let cells = zip(row.cells, row.questions).map { $1 > 0 ? fixed($0, 2) : "--" }
          return [row.dataset] + cells
            + [row.averageOfAsked, row.overkill, row.miss].map { fixed($0, 2, else: "--") }
        })
    }
    for table in published {
      func cells(_ row: PublishedTable.Row) -> [String] {
        [row.name] + row.values.map { $0.map { fixed($0, 2) } ?? "--" }
      }
      text += Self.table(
        caption: Self.escaped(table.title), headings: [""] + table.columns,
        rows: table.rows.dropLast().map(cells), last: table.rows.last.map(cells))
    }
    return text
  }

  private static func table(
    caption: String, headings: [String], rows: [[String]], last: [String]? = nil
  ) -> String {
    func line(_ cells: [String]) -> String { cells.map(escaped).joined(separator: " & ") + " \\\\\n" }
    var text = "\n\\begin{table}\n\\centering\n\\caption{\(caption)}\n"
    text += "\\begin{tabular}{l" + String(repeating: "r", count: headings.count - 1) + "}\n\\toprule\n"
    text += line(headings) + "\\midrule\n" + rows.map(line).joined()
    if let last { text += "\\midrule\n" + line(last) }
    return text + "\\bottomrule\n\\end{tabular}\n\\end{table}\n"
  }

  /// Text whose special characters TeX prints.
  private static func escaped(_ text: String) -> String {
    var result = ""
    for character in text {
      switch character {
      case "&", "%", "$", "#", "_", "{", "}": result += "\\\(character)"
      case "~": result += "\\textasciitilde{}"
      case "^": result += "\\textasciicircum{}"
      case "\\": result += "\\textbackslash{}"
      default: result.append(character)
      }
    }
    return result
  }
}
