/// `results.csv`: a line per image for a spreadsheet (RFC 4180).
public enum ScoreTable {
  public static func csv(_ rows: [ScoreRow]) -> String {
    var lines = [
      CommaSeparated.line([
        "path", "class", "decision", "defect_probability", "boxes", "width", "height", "error", "quarantined",
        "reasoning", "file",
      ])
    ]
    lines.reserveCapacity(rows.count + 1)
    for row in rows {
      lines.append(
        CommaSeparated.line([
          row.path, row.category ?? "", row.decision?.rawValue ?? "", row.probability.map { "\($0)" } ?? "",
          row.boxes.isEmpty ? "" : row.boxes.map(\.box.description).joined(separator: " "),
          row.width.map(String.init) ?? "", row.height.map(String.init) ?? "", row.error ?? "",
          row.isQuarantined ? "yes" : "", row.reasoning ?? "", row.file ?? "",
        ]))
    }
    return lines.joined(separator: "\r\n") + "\r\n"
  }
}
