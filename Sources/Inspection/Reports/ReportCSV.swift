extension EvaluationReport {
  /// The tables for a spreadsheet: a line per mode and data set, percentages in full precision. After the two modes stand
  /// the bounds of the strict table's intervals and the strict table by class.
  public var csv: String {
    let names = strict.average.named.map(\.name)
    var lines = [CommaSeparated.line(["mode", "data set"] + names)]
    func add(_ mode: String, _ row: MetricTable.Row, _ values: [Double?]) {
      lines.append(CommaSeparated.line([mode, row.dataset] + values.map { $0.map { "\($0)" } ?? "" }))
    }
    for (mode, table) in [(MetricMode.strict, strict), (.upstream, upstream)] {
      for row in table.rows + [table.average] { add(mode.rawValue, row, row.named.map(\.value)) }
    }
    if intervals.resamples > 0 {
      for row in strict.rows + [strict.average] {
        let bounds = names.map { intervals.interval(row: row.dataset, $0) }
        add("strict lower 95", row, bounds.map { $0?.lower })
        add("strict upper 95", row, bounds.map { $0?.upper })
      }
    }
    for row in categories.rows {
      let cells: [Double?] = zip(row.cells, row.questions).map { $1 > 0 ? $0 : nil }
      add("strict by class", row, cells + [row.averageOfAsked, row.overkill, row.miss])
    }
    return lines.joined(separator: "\r\n") + "\r\n"
  }
}
