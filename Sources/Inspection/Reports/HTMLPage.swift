import FoundationEssentials

/// A page that is one file: styles and pictures stand in it, nothing is fetched and nothing runs.
struct HTMLPage {
  private var body = ""
  private let title: String

  init(title: String) { self.title = title }

  var text: String {
    """
    <!doctype html>
    <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
    <title>\(HTMLText.escaped(title))</title><style>\(Self.style)</style></head><body>
    <h1>\(HTMLText.escaped(title))</h1>
    \(body)</body></html>

    """
  }

  mutating func heading(_ text: String) { body += "<h2>\(HTMLText.escaped(text))</h2>\n" }

  mutating func note(_ text: String) { body += "<p class=note>\(HTMLText.escaped(text))</p>\n" }

  mutating func facts(_ facts: [(String, String)]) {
    body += "<dl>"
    for (name, value) in facts {
      body += "<dt>\(HTMLText.escaped(name))</dt><dd>\(HTMLText.escaped(value))</dd>"
    }
    body += "</dl>\n"
  }

  /// - Parameters:
  ///   - rows: cells; what follows a line break in one stands small below it.
  ///   - last: whether the last row is a summary.
  mutating func table(_ headings: [String], _ rows: [[String]], last: Bool = false) {
    body +=
      "<div class=wide><table><tr>" + headings.map { "<th>\(HTMLText.escaped($0))</th>" }.joined() + "</tr>\n"
    for (index, row) in rows.enumerated() {
      body += last && index == rows.count - 1 ? "<tr class=last>" : "<tr>"
      body += row.map { "<td>\(Self.cell($0))</td>" }.joined() + "</tr>\n"
    }
    body += "</table></div>\n"
  }

  private static func cell(_ text: String) -> String {
    let lines = text.split(separator: "\n", maxSplits: 1).map { HTMLText.escaped(String($0)) }
    return lines.count == 2 ? "\(lines[0])<small>\(lines[1])</small>" : lines.joined()
  }

  mutating func bars(_ rows: [(name: String, percent: Double)]) {
    body += "<div class=bars>"
    for (name, percent) in rows {
      body +=
        "<span>\(HTMLText.escaped(name))</span><span class=bar><i style=\"width:\(fixed(percent, 1))%\"></i></span>"
      body += "<span>\(fixed(percent, 1))</span>"
    }
    body += "</div>\n"
  }

  mutating func confusion(_ name: String, _ confusion: Confusion) {
    table(
      [name, "said normal", "said defective", "unreadable"],
      [("normal", confusion.normal), ("defective", confusion.defective)].map { state, row in
        [state, "\(row.normal)", "\(row.defective)", "\(row.unreadable)"]
      })
  }

  /// The ROC curves, each in a small square.
  mutating func curves(_ scores: [(name: String, metrics: RankingMetrics)]) {
    body += "<div class=curves>"
    for (name, metrics) in scores {
      let points = metrics.points.map { point in
        "\(fixed(100 * point.falseAlarmRate, 1)),\(fixed(100 - 100 * point.recall, 1))"
      }
      body += "<figure><svg viewBox=\"-4 -4 108 108\" role=img aria-label=\"ROC curve\"><path class=frame "
      body +=
        "d=\"M0 0V100H100\"/><path class=chance d=\"M0 100L100 0\"/><polyline points=\"\(points.joined(separator: " "))\"/></svg>"
      body += "<figcaption>\(HTMLText.escaped(name)): false alarms → detections</figcaption></figure>"
    }
    body += "</div>\n"
  }

  mutating func gallery(_ gallery: ReportGallery) {
    heading("The worst answers")
    note(
      "\(gallery.entries.count) of \(gallery.total), one per picture: mistakes by how sure they were, then unreadable "
        + "answers. Defects are tinted where a mask is known; letters are the published ones.")
    body += "<div class=gallery>\n"
    for entry in gallery.entries { card(entry) }
    body += "</div>\n"
  }

  private mutating func card(_ entry: ReportGallery.Entry) {
    let record = entry.record
    body += "<article class=\(record.isRight ? "right" : "wrong")><div class=pictures>"
    body += picture(entry.thumbnail, record.image)
    if let reference = entry.reference { body += picture(Optional(reference), "reference") }
    body += "</div><h3>\(HTMLText.escaped(record.image))</h3>"
    body += "<p class=question>\(HTMLText.escaped(record.questionText))</p><p>"
    body +=
      "<b>\(HTMLText.escaped(record.questionType))</b>, right is \(HTMLText.escaped(record.correctAnswer)), answered "
    body +=
      record.hasReadableAnswer ? "<b>\(HTMLText.escaped(record.givenAnswer))</b>" : "<b>nothing readable</b>"
    if let conclusion = record.conclusion {
      body += ", reasoning concludes on \(HTMLText.escaped(conclusion))"
    }
    if let probability = record.defectProbability { body += ", P(defect) \(fixed(probability, 3))" }
    body += "</p>"
    if let thinking = record.thinking, !thinking.isEmpty {
      body +=
        "<details open><summary>reasoning</summary><p>\(HTMLText.escaped(String(thinking.prefix(1500))))</p></details>"
    }
    body += "</article>\n"
  }

  private func picture(_ jpeg: [UInt8]?, _ name: String) -> String {
    guard let jpeg else { return "<span class=none>picture not readable here</span>" }
    return
      "<img alt=\"\(HTMLText.escaped(name))\" src=\"data:image/jpeg;base64,\(Data(jpeg).base64EncodedString())\">"
  }

  private static let style = """
    :root{color-scheme:light dark;--line:#8884;--soft:#8882;--good:#2a9d4a;--bad:#d1383d;--ink:#3468c0}
    body{font:15px/1.45 system-ui,sans-serif;max-width:1200px;margin:2rem auto;padding:0 1rem}
    h1{font-size:1.4rem;overflow-wrap:anywhere}h2{font-size:1.1rem;margin-top:2.2rem}
    dl{display:grid;grid-template-columns:max-content 1fr;gap:.1rem 1rem}dt{opacity:.65}dd{margin:0;overflow-wrap:anywhere}
    .note{opacity:.7;margin:.3rem 0}.wide{overflow-x:auto}
    table{border-collapse:collapse;font-variant-numeric:tabular-nums;margin:.6rem 0}
    td,th{padding:.2rem .6rem;text-align:right;border-bottom:1px solid var(--line);white-space:nowrap}
    td:first-child,th:first-child{text-align:left}small{display:block;font-weight:400;opacity:.65;font-size:.75rem}
    tr.last td{font-weight:600;border-top:2px solid var(--line)}
    .bars{display:grid;grid-template-columns:max-content 1fr max-content;gap:.15rem .8rem;align-items:center;max-width:60rem}
    .bar{background:var(--soft);height:.8rem}.bar i{display:block;height:100%;background:var(--ink)}
    .curves{display:flex;flex-wrap:wrap;gap:1rem}.curves figure{margin:0;width:14rem}figcaption{font-size:.85rem;opacity:.75}
    svg path,svg polyline{fill:none;stroke:var(--line);stroke-width:1}svg polyline{stroke:var(--ink);stroke-width:1.6}
    .chance{stroke-dasharray:3 3}
    .gallery{display:grid;grid-template-columns:repeat(auto-fill,minmax(21rem,1fr));gap:1rem}
    article{border:1px solid var(--line);border-left:4px solid var(--bad);padding:.7rem;border-radius:4px}
    article.right{border-left-color:var(--good)}.pictures{display:flex;gap:.5rem}.pictures img{max-width:49%;height:auto}
    .pictures img:only-child{max-width:100%}.none{opacity:.6}
    h3{font-size:.85rem;font-weight:600;margin:.5rem 0;overflow-wrap:anywhere}.question{white-space:pre-line;margin:.3rem 0}
    details p{white-space:pre-line;margin:.3rem 0;font-size:.9rem;opacity:.85}
    """
}
