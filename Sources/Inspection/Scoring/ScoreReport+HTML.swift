import OrderedJSON

extension ScoreReport {
  /// Failures listed by name; a run with more of them has another problem than its images.
  private static let mostFailures = 500

  /// One page that needs nothing else: counts, spread of the probabilities, classes, the worst images first,
  /// failures, origin.
  public var html: String {
    var page = HTMLPage(title: title, lead: headline, origin: circumstances)
    page.append(cards)
    addHistogram(to: &page)
    addCategories(to: &page)
    addGallery(to: &page)
    addFailures(to: &page)
    page.heading("Where this comes from")
    page.facts(origin.map { ($0.key, $0.value.string ?? $0.value.serialized()) })
    return page.text
  }

  private var title: String {
    let source = fact("source") ?? ""
    let more = number("earlier_images") == nil ? "" : " and of earlier runs"
    return source.split(separator: "/").last.map { "Scores of \($0)\(more)" } ?? "Scores"
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
    if counts.clipped > 0 {
      text += "; \(counts.clipped) with grey above 255 were seen clipped: scale them to 8 bits"
    }
    return text + "."
  }

  /// How the images were decided, and at what pace.
  private var circumstances: String {
    var parts: [String] = []
    if let threshold {
      parts.append("Defective from a probability of \(fixed(threshold, 3))")
    } else {
      parts.append("Decided by the model's answers")
    }
    // A trained model lies in <run>/model: its folder alone says little.
    if let model = fact("model") {
      parts.append("model " + model.split(separator: "/").suffix(2).joined(separator: "/"))
    }
    if let name = fact("protocol") { parts.append("protocol \(name)") }
    if let rate = number("images_per_second") { parts.append("\(fixed(rate, 1)) images per second") }
    return parts.joined(separator: " · ")
  }

  /// The probability from which its images count as defective; nil where the answers decide.
  public var threshold: Double? { number("threshold") }
  private func number(_ name: String) -> Double? { origin.first { $0.key == name }?.value.double }

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
  private func addHistogram(to page: inout HTMLPage) {
    let most = summary.histogram.map(\.images).max() ?? 0
    guard most > 0 else { return }
    let (width, height) = (34, 120)
    let total = width * summary.histogram.count
    var drawing = ""
    for (step, bar) in summary.histogram.enumerated() where bar.images > 0 {
      let tall = max(2, Int(Double(height) * HTMLText.logarithm(bar.images) / HTMLText.logarithm(most)))
      let bad = bar.defective == bar.images ? tall : tall * bar.defective / bar.images
      let left = step * width
      let range = "P \(fixed(Double(step) / 20, 2))–\(fixed(Double(step + 1) / 20, 2))"
      drawing += "<g><title>\(range): \(bar.images) images, \(bar.defective) of them called defective</title>"
      drawing +=
        "<rect x=\"\(left)\" y=\"0\" width=\"\(width)\" height=\"\(height)\" fill=\"transparent\"/>"
      drawing += Self.bar(left, height - tall, width - 3, tall - bad, "fine")
      drawing += Self.bar(left, height - bad, width - 3, bad, "bad") + "</g>"
    }
    drawing += "<line x1=\"0\" y1=\"\(height)\" x2=\"\(total)\" y2=\"\(height)\"/>"
    if let threshold, threshold <= 1 {
      let x = Int(threshold * Double(total))
      drawing += "<line class=\"threshold\" x1=\"\(x)\" y1=\"0\" x2=\"\(x)\" y2=\"\(height)\"/>"
    }
    for (mark, anchor) in [(0, "start"), (0.25, "middle"), (0.5, "middle"), (0.75, "middle"), (1, "end")] {
      drawing +=
        "<text x=\"\(Int(mark * Double(total)))\" y=\"\(height + 16)\" text-anchor=\"\(anchor)\">\(fixed(mark, 2))</text>"
    }
    page.heading("Probability of a defect")
    page.append(
      "<svg class=\"spread\" viewBox=\"0 0 \(total) \(height + 22)\" role=\"img\" "
        + "aria-label=\"Images by probability of a defect\">\(drawing)</svg>")
    page.note(
      "Number of images per step of 0.05, logarithmic; red were called defective"
        + (threshold == nil ? "." : ", the broken line is the threshold."))
  }

  private static func bar(_ x: Int, _ y: Int, _ width: Int, _ height: Int, _ kind: String) -> String {
    height > 0
      ? "<rect class=\"\(kind)\" x=\"\(x)\" y=\"\(y)\" width=\"\(width)\" height=\"\(height)\"/>" : ""
  }

  private func addCategories(to page: inout HTMLPage) {
    guard !summary.categories.isEmpty else { return }
    page.heading("By class")
    page.table(
      ["class", "images", "defective", "share", "unclear", "failed"],
      summary.categories.map { name, counts in
        [
          name, "\(counts.images)", "\(counts.defective)",
          HTMLText.percent(counts.defective, of: counts.images - counts.failed), "\(counts.unclear)",
          "\(counts.failed)",
        ]
      })
  }

  private func addGallery(to page: inout HTMLPage) {
    page.heading("Worst first")
    let worst = Self.worst(rows)
    guard !worst.isEmpty else { return page.note("No image looks defective.") }
    let suspects = summary.all.defective + summary.all.unclear
    if suspects > worst.count { page.note("The first \(worst.count); results.csv has all \(suspects).") }
    page.append("<div class=\"gallery\">" + worst.map(figure).joined(separator: "\n") + "</div>")
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

  private func addFailures(to page: inout HTMLPage) {
    let failed = rows.filter { $0.error != nil }
    guard !failed.isEmpty else { return }
    page.heading("Not scored")
    if failed.count > Self.mostFailures {
      page.note("The first \(Self.mostFailures) of \(failed.count); results.csv has all.")
    }
    let ordered = failed.filter(\.isQuarantined) + failed.filter { !$0.isQuarantined }
    page.texts(
      ["image", "", "why"],
      ordered.prefix(Self.mostFailures).map { row in
        [row.path, row.isQuarantined ? "quarantined" : "", row.error ?? ""]
      })
  }
}
