/// A table: aligned with a bold header on a terminal, lines of tab-separated plain cells in a pipe, so that
/// `cut` and `awk` work on what they get.
struct Table {
  enum Alignment { case left, right }
  struct Column {
    let title: String
    let alignment: Alignment

    static func left(_ title: String) -> Column { Column(title: title, alignment: .left) }
    static func right(_ title: String) -> Column { Column(title: title, alignment: .right) }
  }
  struct Cell: ExpressibleByStringInterpolation {
    let text: String
    let style: Style?

    init(_ text: String, _ style: Style? = nil) {
      // A line break in a cell would tear the table.
      self.text = String(ShownText.of(text).map { $0.isNewline || $0 == "\t" ? " " : $0 })
      self.style = style
    }
    init(stringLiteral value: String) { self.init(value) }
  }

  private let columns: [Column]
  private var rows: [[Cell]] = []

  init(_ columns: [Column]) { self.columns = columns }

  var isEmpty: Bool { rows.isEmpty }

  /// Appends a row; missing cells are empty, cells past the columns are left out.
  mutating func add(_ cells: [Cell]) {
    rows.append(
      Array(cells.prefix(columns.count))
        + Array(repeating: Cell(""), count: max(0, columns.count - cells.count)))
  }

  func print() { Terminal.write(rendered(forTerminal: Terminal.outputIsTerminal, width: Terminal.width)) }

  /// - Parameter width: cells of the last column are cut so that lines fit it.
  func rendered(forTerminal: Bool, width: Int) -> String {
    guard forTerminal else {
      return rows.map { $0.map(\.text).joined(separator: "\t") + "\n" }.joined()
    }
    var widths = columns.map(\.title.cells)
    for row in rows {
      for (index, cell) in row.enumerated() { widths[index] = max(widths[index], cell.text.cells) }
    }
    if let last = widths.indices.last {
      let before = widths.dropLast().reduce(0) { $0 + $1 + 2 }
      widths[last] = max(8, min(widths[last], width - before))
    }
    var text = line(columns.map { Cell($0.title, .bold) }, widths)
    for row in rows { text += line(row, widths) }
    return text
  }

  private func line(_ cells: [Cell], _ widths: [Int]) -> String {
    var text = ""
    for (index, cell) in cells.enumerated() {
      let isLast = index == cells.count - 1
      let shown =
        cell.text.cells > widths[index] ? cell.text.prefix(cells: widths[index] - 1) + "…" : cell.text[...]
      let padding = String(repeating: " ", count: widths[index] - shown.cells)
      let styled = cell.style.map { $0(String(shown)) } ?? String(shown)
      switch columns[index].alignment {
      case .left: text += styled + (isLast ? "" : padding)
      case .right: text += padding + styled
      }
      if !isLast { text += "  " }
    }
    return text + "\n"
  }
}
