extension EvaluationReport {
  /// The report for a terminal: origin, counts, and both tables with aligned columns.
  public var text: String {
    var lines = origin.map { "\($0.name): \($0.value)" }
    var counts = "\(answers) answers, \(unreadable) unreadable"
    if missingTemplates > 0 { counts += ", \(missingTemplates) reference images missing" }
    if let conclusionAgreement {
      counts += ", reasoning concludes on the answer in \(fixed(100 * conclusionAgreement, 1)) %"
    }
    lines.append(counts)
    for (title, table) in [
      ("strict (unreadable is wrong)", strict), ("upstream (as the published script counts)", upstream),
    ] {
      lines += ["", title] + EvaluationReport.lines(of: table)
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private static let headings = [
    "data set", "Anomaly", "DefCls", "DefLoc", "DefDesc", "DefAna", "ObjCls", "ObjAna", "Average", "Overkill",
    "Miss",
  ]

  private static func lines(of table: MetricTable) -> [String] {
    let rows = (table.rows + [table.average]).map { row in
      [row.dataset] + row.named.map { fixed($0.value, 2) }
    }
    let widths = headings.indices.map { column in
      max(headings[column].count, rows.map { $0[column].count }.max() ?? 0)
    }
    func line(_ cells: [String]) -> String {
      zip(cells, widths).enumerated().map { column, cell in
        let padding = String(repeating: " ", count: cell.1 - cell.0.count)
        return column == 0 ? cell.0 + padding : padding + cell.0
      }.joined(separator: "  ")
    }
    let rule = String(repeating: "-", count: widths.reduce(0, +) + 2 * (widths.count - 1))
    return [line(headings), rule] + rows.dropLast().map(line) + [rule] + rows.suffix(1).map(line)
  }
}

/// A number with a fixed count of digits behind the point, rounded half away from zero.
func fixed(_ value: Double, _ digits: Int) -> String {
  guard value.isFinite, abs(value) < 1e12 else { return "\(value)" }
  var scale = 1
  for _ in 0..<digits { scale *= 10 }
  let scaled = Int((abs(value) * Double(scale)).rounded())
  let sign = value < 0 && scaled > 0 ? "-" : ""
  guard digits > 0 else { return "\(sign)\(scaled)" }
  let fraction = String(scaled % scale)
  return "\(sign)\(scaled / scale)." + String(repeating: "0", count: digits - fraction.count) + fraction
}
