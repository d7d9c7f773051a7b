import OrderedJSON

extension ScoreReport {
  /// Failures listed by name; a run with more of them has another problem than its images.
  private static let mostFailures = 500

  /// One page that needs nothing else: counts, spread of the probabilities, classes, the worst images first,
  /// failures, origin.
  public var html: String {
    var page = """
      <!doctype html><html lang="en"><head><meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <title>\(HTMLText.escaped(title))</title><style>\(Self.style)</style></head><body>
      <header><h1>\(HTMLText.escaped(title))</h1><p>\(HTMLText.escaped(headline))</p></header>\n
      """
    page += cards + histogram + categoryTable + gallery + failures + facts
    return page + "</body></html>\n"
  }

  private var title: String {
    let source = fact("source") ?? ""
    return source.split(separator: "/").last.map { "Scores of \($0)" } ?? "Scores"
  }

  private func fact(_ name: String) -> String? { origin.first { $0.key == name }?.value.string }

  /// The result in one sentence.
  private var headline: String {
    let counts = summary.all
    let scored = counts.images - counts.failed
    var text = "\(counts.defective) of \(scored) readable images look defective"
    if scored > 0 { text += " (\(HTMLText.percent(counts.defective, of: scored)))" }
    if counts.unclear > 0 { text += ", \(counts.unclear) could not be decided" }
    if counts.failed > 0 { text += ", \(counts.failed) could not be scored" }
    return text + "."
  }

  private var cards: String {
    let counts = summary.all
    let entries = [
      ("images", counts.images, ""), ("defective", counts.defective, "bad"), ("good", counts.good, "fine"),
      ("unclear", counts.unclear, "odd"), ("failed", counts.failed, counts.failed > 0 ? "bad" : ""),
      ("quarantined", counts.quarantined, counts.quarantined > 0 ? "bad" : ""),
    ]
    return "<section class=\"cards\">"
      + entries.map { "<div class=\"card \($0.2)\"><b>\($0.1)</b><span>\($0.0)</span></div>" }.joined()
      + "</section>\n"
  }

  /// Bars on a logarithmic scale, as most images of a line are good.
  private var histogram: String {
    let most = summary.histogram.map(\.images).max() ?? 0
    guard most > 0 else { return "" }
    let (width, height) = (34, 120)
    var bars = ""
    for (step, bar) in summary.histogram.enumerated() where bar.images > 0 {
      let tall = max(2, Int(Double(height) * HTMLText.logarithm(bar.images) / HTMLText.logarithm(most)))
      let bad = bar.defective == bar.images ? tall : tall * bar.defective / bar.images
      let left = step * width
      let range = "P \(fixed(Double(step) / 20, 2))–\(fixed(Double(step + 1) / 20, 2))"
      bars += "<g><title>\(range): \(bar.images) images, \(bar.defective) of them called defective</title>"
      bars += "<rect x=\"\(left)\" y=\"0\" width=\"\(width)\" height=\"\(height)\" fill=\"transparent\"/>"
      bars += Self.bar(left, height - tall, width - 3, tall - bad, "fine")
      bars += Self.bar(left, height - bad, width - 3, bad, "bad") + "</g>"
    }
    let total = width * 20
    let marks = [0, 0.25, 0.5, 0.75, 1].map { mark in
      "<text x=\"\(Int(mark * Double(total - 30)) + 2)\" y=\"\(height + 16)\">\(fixed(mark, 2))</text>"
    }.joined()
    return """
      <section><h2>Probability of a defect</h2>
      <svg viewBox="0 0 \(total) \(height + 22)" role="img" aria-label="Images by probability of a defect">\(bars)\(marks)</svg>
      <p class="faint">Number of images per step of 0.05, logarithmic; red were called defective.</p></section>\n
      """
  }

  private static func bar(_ x: Int, _ y: Int, _ width: Int, _ height: Int, _ kind: String) -> String {
    height > 0
      ? "<rect class=\"\(kind)\" x=\"\(x)\" y=\"\(y)\" width=\"\(width)\" height=\"\(height)\"/>" : ""
  }

  private var categoryTable: String {
    guard !summary.categories.isEmpty else { return "" }
    let lines = summary.categories.map { name, counts in
      "<tr><th>\(HTMLText.escaped(name))</th><td>\(counts.images)</td><td>\(counts.defective)</td><td>"
        + HTMLText.percent(counts.defective, of: counts.images - counts.failed)
        + "</td><td>\(counts.unclear)</td><td>\(counts.failed)</td></tr>"
    }.joined(separator: "\n")
    return """
      <section><h2>By class</h2><table><tr><th>class</th><th>images</th><th>defective</th><th>share</th>\
      <th>unclear</th><th>failed</th></tr>\(lines)</table></section>\n
      """
  }

  private var gallery: String {
    let worst = Self.worst(rows)
    guard !worst.isEmpty else {
      return "<section><h2>Worst first</h2><p>No image looks defective.</p></section>\n"
    }
    let suspects = summary.all.defective + summary.all.unclear
    let rest =
      suspects > worst.count
      ? "<p class=\"faint\">The first \(worst.count); results.csv has all \(suspects).</p>" : ""
    return "<section><h2>Worst first</h2>\(rest)<div class=\"gallery\">"
      + worst.map(figure).joined(separator: "\n") + "</div></section>\n"
  }

  private func figure(_ row: ScoreRow) -> String {
    let name = HTMLText.escaped(row.path)
    var picture = "<div class=\"none\">no picture</div>"
    if let thumbnail = thumbnails[row.path] {
      picture = "<img loading=\"lazy\" alt=\"\(name)\" src=\"data:image/jpeg;base64,\(thumbnail)\">"
    }
    if overlays.contains(row.path) {
      let target = HTMLText.address(Self.overlay(of: row.path))
      picture = "<a href=\"\(target)\">\(picture)</a>"
    }
    let kind = row.decision == .defect ? "bad" : row.decision == .good ? "fine" : "odd"
    let probability = row.probability.map { "P \(fixed($0, 3))" } ?? "no probability"
    let labels = Set(row.boxes.compactMap(\.label)).sorted().joined(separator: ", ")
    var text = "<figure>\(picture)<figcaption><b>\(name)</b>"
    text += "<span class=\"badge \(kind)\">\(row.decision?.rawValue ?? "")</span> <span>\(probability)</span>"
    if let category = row.category { text += " <span class=\"faint\">\(HTMLText.escaped(category))</span>" }
    if !row.boxes.isEmpty {
      text += "<p>\(row.boxes.count == 1 ? "1 place" : "\(row.boxes.count) places")"
      text += labels.isEmpty ? "</p>" : ": \(HTMLText.escaped(labels))</p>"
    }
    if let reasoning = row.reasoning, !reasoning.isEmpty {
      text += "<p class=\"reason\">\(HTMLText.escaped(String(reasoning.prefix(600))))</p>"
    }
    return text + "</figcaption></figure>"
  }

  private var failures: String {
    let failed = rows.filter { $0.error != nil }
    guard !failed.isEmpty else { return "" }
    let ordered = failed.filter(\.isQuarantined) + failed.filter { !$0.isQuarantined }
    let lines = ordered.prefix(Self.mostFailures).map { row in
      "<tr><th>\(HTMLText.escaped(row.path))</th><td>\(row.isQuarantined ? "quarantined" : "")</td>"
        + "<td>\(HTMLText.escaped(row.error ?? ""))</td></tr>"
    }.joined(separator: "\n")
    let rest =
      failed.count > Self.mostFailures
      ? "<p class=\"faint\">The first \(Self.mostFailures) of \(failed.count); results.csv has all.</p>" : ""
    return "<section><h2>Not scored</h2>\(rest)<table class=\"wide\">\(lines)</table></section>\n"
  }

  private var facts: String {
    let lines = origin.map { member in
      let value = member.value.string ?? member.value.serialized()
      return "<tr><th>\(HTMLText.escaped(member.key))</th><td>\(HTMLText.escaped(value))</td></tr>"
    }.joined(separator: "\n")
    return "<section><h2>Where this comes from</h2><table class=\"wide\">\(lines)</table></section>\n"
  }

  private static let style = """
    :root{--paper:#fff;--ink:#1d2329;--faint:#68727d;--line:#e1e5ea;--bad:#c8323c;--fine:#3f8f63;--odd:#b57a14}
    @media(prefers-color-scheme:dark){:root{--paper:#16191d;--ink:#e6e9ec;--faint:#98a2ac;--line:#31373e;\
    --bad:#ef6a72;--fine:#66b98b;--odd:#dda64a}}
    *{box-sizing:border-box}body{margin:0 auto;max-width:1180px;padding:28px 20px;background:var(--paper);\
    color:var(--ink);font:15px/1.5 system-ui,sans-serif}
    h1{margin:0;font-size:26px}h2{font-size:17px;margin:34px 0 10px}header p{margin:4px 0 0;font-size:17px}
    .faint{color:var(--faint)}.cards{display:flex;flex-wrap:wrap;gap:10px;margin-top:20px}
    .card{flex:1 1 120px;border:1px solid var(--line);border-radius:8px;padding:10px 14px}
    .card b{display:block;font-size:26px;font-variant-numeric:tabular-nums}.card span{color:var(--faint)}
    .card.bad b{color:var(--bad)}.card.fine b{color:var(--fine)}.card.odd b{color:var(--odd)}
    svg{width:100%;max-width:760px}svg text{fill:var(--faint);font:12px system-ui,sans-serif}
    rect.fine{fill:var(--fine)}rect.bad{fill:var(--bad)}
    table{border-collapse:collapse;font-variant-numeric:tabular-nums}table.wide{width:100%;table-layout:fixed}
    th,td{padding:4px 12px 4px 0;border-bottom:1px solid var(--line);text-align:left;vertical-align:top;\
    font-weight:400;overflow-wrap:anywhere}th{color:var(--faint)}table.wide th{width:32%}
    table:not(.wide) td,table:not(.wide) tr:first-child th:not(:first-child){text-align:right}
    .gallery{display:grid;grid-template-columns:repeat(auto-fill,minmax(240px,1fr));gap:16px}
    figure{margin:0;border:1px solid var(--line);border-radius:8px;overflow:hidden}
    figure img,figure .none{display:block;width:100%;height:210px;object-fit:contain;background:#0001}
    figure .none{display:grid;place-items:center;color:var(--faint)}
    figcaption{padding:10px 12px;font-size:13px;overflow-wrap:anywhere}figcaption b{display:block}
    figcaption p{margin:6px 0 0}.reason{color:var(--faint);max-height:8.5em;overflow:auto}
    .badge{display:inline-block;border-radius:4px;padding:0 6px;color:var(--paper);background:var(--odd)}
    .badge.bad{background:var(--bad)}.badge.fine{background:var(--fine)}
    @media print{figure{break-inside:avoid}}
    """
}
