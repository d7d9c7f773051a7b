/// Rows of cells with aligned columns, the first column to the left and the others to the right.
struct TextTable {
  let headings: [String]
  private(set) var rows: [[String]] = []
  /// Rows before which a rule stands.
  private var ruled: Set<Int> = [0]

  init(_ headings: [String]) { self.headings = headings }

  mutating func add(_ cells: [String]) { rows.append(cells) }

  mutating func addRule() { ruled.insert(rows.count) }

  var lines: [String] {
    let widths = headings.indices.map { column in
      max(headings[column].count, rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0)
    }
    func line(_ cells: [String]) -> String {
      zip(cells, widths).enumerated().map { column, cell in
        let padding = String(repeating: " ", count: cell.1 - cell.0.count)
        return column == 0 ? cell.0 + padding : padding + cell.0
      }.joined(separator: "  ")
    }
    let rule = String(repeating: "-", count: widths.reduce(0, +) + 2 * (widths.count - 1))
    var lines = [line(headings)]
    for (index, row) in rows.enumerated() {
      if ruled.contains(index) { lines.append(rule) }
      lines.append(line(row))
    }
    return lines
  }
}
