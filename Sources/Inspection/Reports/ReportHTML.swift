extension EvaluationReport {
  /// The report as one page that needs nothing else: tables, bars, curves, and the worst answers with their pictures.
  ///
  /// - Parameter gallery: the answers to show; `nil` shows none.
  public func html(gallery: ReportGallery? = nil) -> String {
    var page = HTMLPage(title: "Evaluation: \(origin.first { $0.name == "model" }?.value ?? "answers")")
    page.facts(
      origin.map { ($0.name, $0.value) } + [
        ("counted", counts), ("training pictures", overlap?.sentence ?? Self.unknownTraining),
      ] + setAside.map { ("set aside", "\($0.image): \($0.reason)") })
    page.heading("Accuracy by type of question (%)")
    page.note(
      "strict: an answer that cannot be read is wrong. Below it the 95 % interval, pictures drawn again.")
    page.table(["data set"] + Self.headings, tableRows(strict), last: true)
    page.note("upstream: as the published script counts, which skips the record after an unreadable one.")
    page.table(
      ["data set"] + Self.headings,
      (upstream.rows + [upstream.average]).map {
        [$0.dataset] + $0.named.map { fixed($0.value, 2, else: "–") }
      },
      last: true)
    if !confusions.isEmpty {
      page.heading("Anomaly Detection: what was said of which pictures")
      for (dataset, confusion) in confusions { page.confusion(dataset, confusion) }
    }
    if !scores.isEmpty {
      page.heading("Probability of a defect from the logits")
      page.table(
        ["data set", "defective", "good", "AUROC", "AUPR", "F1-max", "at threshold"],
        scores.map { name, metrics in
          [
            name, "\(metrics.defective)", "\(metrics.good)", fixed(100 * metrics.auroc, 2),
            fixed(100 * metrics.averagePrecision, 2), fixed(100 * metrics.best.f1, 2),
            fixed(metrics.best.threshold, 4),
          ]
        })
      page.curves(scores)
    }
    if categories.rows.count > strict.rows.count {
      page.heading("By class (%)")
      page.bars(categories.rows.map { ($0.dataset, $0.averageOfAsked) })
      page.table(
        ["class"] + Self.headings,
        categories.rows.map { row in
          let cells = zip(row.cells, row.questions).map { $1 > 0 ? fixed($0, 2) : "–" }
          return [row.dataset] + cells
            + [row.averageOfAsked, row.overkill, row.miss].map { fixed($0, 2, else: "–") }
        })
    }
    for table in published {
      page.heading(table.title)
      page.table(
        [""] + table.columns, table.rows.map { [$0.name] + $0.values.map { $0.map { fixed($0, 2) } ?? "–" } },
        last: true)
    }
    if let gallery { page.gallery(gallery) }
    return page.text
  }

  private func tableRows(_ table: MetricTable) -> [[String]] {
    (table.rows + [table.average]).map { row in
      [row.dataset]
        + row.named.map { entry in
          guard let interval = intervals.interval(row: row.dataset, entry.name) else {
            return fixed(entry.value, 2, else: "–")
          }
          return
            "\(fixed(entry.value, 2, else: "–"))\n\(fixed(interval.lower, 1)) – \(fixed(interval.upper, 1))"
        }
    }
  }
}
