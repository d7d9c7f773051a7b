extension EvaluationReport {
  /// The tables for a spreadsheet: a line per mode and data set, percentages in full precision; fields with
  /// commas, quotes or line breaks are quoted (RFC 4180).
  public var csv: String {
    let names = strict.average.named.map(\.name)
    var lines = [(["mode", "data set"] + names).map(EvaluationReport.field).joined(separator: ",")]
    for (mode, table) in [(MetricMode.strict, strict), (.upstream, upstream)] {
      for row in table.rows + [table.average] {
        let fields = [mode.rawValue, row.dataset] + row.named.map { "\($0.value)" }
        lines.append(fields.map(EvaluationReport.field).joined(separator: ","))
      }
    }
    return lines.joined(separator: "\r\n") + "\r\n"
  }

  private static func field(_ text: String) -> String {
    guard text.utf8.contains(where: { $0 == 0x22 || $0 == 0x2C || $0 == 0x0A || $0 == 0x0D }) else {
      return text
    }
    return "\"" + text.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"")
      + "\""
  }
}
