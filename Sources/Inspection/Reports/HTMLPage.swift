import FoundationEssentials

/// A page that is one file: styles and pictures stand in it, nothing is fetched and nothing runs.
struct HTMLPage {
  private var body = ""
  private let title: String
  /// What the page says, in a sentence, and small below it how that came about.
  private let lead, origin: String?

  init(title: String, lead: String? = nil, origin: String? = nil) {
    self.title = title
    self.lead = lead
    self.origin = origin
  }

  var text: String {
    """
    <!doctype html>
    <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
    <title>\(HTMLText.escaped(title))</title><style>\(HTMLStyle.text)</style></head><body>
    <header><h1>\(HTMLText.escaped(title))</h1>\(paragraph(lead, ""))\(paragraph(origin, " class=faint"))</header>
    \(body)</body></html>

    """
  }

  private func paragraph(_ text: String?, _ attributes: String) -> String {
    text.map { "<p\(attributes)>\(HTMLText.escaped($0))</p>" } ?? ""
  }

  /// Adds what is written as HTML already.
  mutating func append(_ html: String) { body += html + "\n" }

  mutating func heading(_ text: String) { body += "<h2>\(HTMLText.escaped(text))</h2>\n" }

  mutating func note(_ text: String) { body += "<p class=faint>\(HTMLText.escaped(text))</p>\n" }

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

  /// A table of texts, which may be long.
  mutating func texts(_ headings: [String], _ rows: [[String]]) {
    func line(_ cells: [String], _ tag: String) -> String {
      "<tr>" + cells.map { "<\(tag)>\(HTMLText.escaped($0))</\(tag)>" }.joined() + "</tr>\n"
    }
    body += "<table class=texts>" + line(headings, "th") + rows.map { line($0, "td") }.joined() + "</table>\n"
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
      [name, "said normal", "said defective", "neither"],
      [("normal", confusion.normal), ("defective", confusion.defective)].map { state, row in
        [state, "\(row.normal)", "\(row.defective)", "\(row.neither)"]
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
    body += "<div class=\"gallery pairs\">\n"
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
}
