extension EvaluationReport {
  /// The report for a terminal: origin, counts, and the tables with aligned columns.
  public var text: String {
    var lines = origin.map { "\($0.name): \($0.value)" }
    lines.append(counts)
    lines += setAside.map {
      "set aside: \($0.image) (\($0.questions) question\($0.questions == 1 ? "" : "s")): \($0.reason)"
    }
    lines.append("training pictures: " + (overlap?.sentence ?? Self.unknownTraining))
    for (title, table) in [
      ("strict (unreadable is wrong)", strict), ("upstream (as the published script counts)", upstream),
    ] {
      lines += ["", title] + Self.lines(of: table)
    }
    if intervals.resamples > 0 {
      lines += ["", "95 % intervals of strict (pictures drawn again \(intervals.resamples) times)"]
      lines += intervalLines
    }
    if !confusions.isEmpty { lines += ["", "Anomaly Detection"] + confusionLines }
    if !scores.isEmpty { lines += ["", "probability of a defect from the logits"] + scoreLines }
    if categories.rows.count > strict.rows.count {
      lines += ["", "strict by class (average over the types asked)"] + categoryLines
    }
    for table in published { lines += ["", table.title] + Self.lines(of: table) }
    return lines.joined(separator: "\n") + "\n"
  }

  static let unknownTraining = "unknown; name their record (trained_on) to have the overlap counted"

  /// How many answers there are, and what is wrong with them.
  var counts: String {
    var counts = "\(answers) answers, \(unreadable) unreadable"
    if !setAside.isEmpty {
      let questions = setAside.reduce(0) { $0 + $1.questions }
      let pictures = setAside.count == 1 ? "1 picture is" : "\(setAside.count) pictures are"
      counts += ", \(questions) not asked as \(pictures) set aside"
    }
    if missingTemplates > 0 { counts += ", \(missingTemplates) reference images missing" }
    if let conclusionAgreement {
      counts += ", reasoning concludes on the answer in \(fixed(100 * conclusionAgreement, 1)) %"
    }
    return counts
  }

  /// Short names of the numbers of a row, in their order.
  static let headings = [
    "Anomaly", "DefCls", "DefLoc", "DefDesc", "DefAna", "ObjCls", "ObjAna", "Average", "Overkill", "Miss",
  ]

  private static func lines(of table: MetricTable) -> [String] {
    var text = TextTable(["data set"] + headings)
    for row in table.rows { text.add([row.dataset] + row.named.map { fixed($0.value, 2, else: "–") }) }
    text.addRule()
    text.add([table.average.dataset] + table.average.named.map { fixed($0.value, 2, else: "–") })
    return text.lines
  }

  private static func lines(of table: PublishedTable) -> [String] {
    let short = table.columns.count == headings.count - 2 ? Array(headings.prefix(8)) : table.columns
    var text = TextTable([""] + short)
    for (index, row) in table.rows.enumerated() {
      if index == table.rows.count - 1 { text.addRule() }
      text.add([row.name] + row.values.map { $0.map { fixed($0, 2) } ?? "–" })
    }
    return text.lines
  }

  private var intervalLines: [String] {
    let rows = strict.rows + (strict.rows.count > 1 ? [strict.average] : [])
    var text = TextTable([""] + rows.map(\.dataset))
    for (index, entry) in strict.average.named.enumerated() {
      text.add(
        [entry.name]
          + rows.map { row in
            guard let interval = intervals.interval(row: row.dataset, entry.name) else { return "–" }
            return
              "\(fixed(row.named[index].value, 1, else: "–")) (\(fixed(interval.lower, 1)) to \(fixed(interval.upper, 1)))"
          })
    }
    return text.lines
  }

  private var confusionLines: [String] {
    var text = TextTable(["data set", "picture", "said normal", "said defective", "neither"])
    for (dataset, confusion) in confusions {
      for (state, row) in [("normal", confusion.normal), ("defective", confusion.defective)] {
        text.add([dataset, state, "\(row.normal)", "\(row.defective)", "\(row.neither)"])
      }
    }
    return text.lines
  }

  private var scoreLines: [String] {
    var text = TextTable(["data set", "defective", "good", "AUROC", "AUPR", "F1-max", "at threshold"])
    for (name, metrics) in scores {
      text.add([
        name, "\(metrics.defective)", "\(metrics.good)", fixed(100 * metrics.auroc, 2),
        fixed(100 * metrics.averagePrecision, 2), fixed(100 * metrics.best.f1, 2),
        fixed(metrics.best.threshold, 4),
      ])
    }
    return text.lines
  }

  private var categoryLines: [String] {
    var text = TextTable(["class"] + Self.headings + ["questions"])
    for row in categories.rows {
      var cells = zip(row.cells, row.questions).map { $1 > 0 ? fixed($0, 2) : "–" }
      cells += [row.averageOfAsked, row.overkill, row.miss].map { fixed($0, 2, else: "–") }
      text.add([row.dataset] + cells + ["\(row.questions.reduce(0, +))"])
    }
    return text.lines
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

/// The same of a number that may not be there.
func fixed(_ value: Double?, _ digits: Int, else absent: String) -> String {
  value.map { fixed($0, digits) } ?? absent
}
