import JobModel
import OrderedJSON

/// What a finished scoring job found, as its report says.
struct ScoreOutcome {
  private let result: JSON
  private let budget: ErrorBudget?
  private let output: String

  /// nil for a job without a report.
  init?(_ detail: JobDetail) {
    guard let result = detail.tasks.last(where: { $0.kind == .report })?.result,
      case .score(let settings) = detail.job.spec.settings
    else { return nil }
    self.result = result
    budget = settings.maxErrors
    output = settings.output
  }

  func count(_ name: String) -> Int { result[name]?.int ?? 0 }

  var isWithinBudget: Bool { budget?.allows(count("failed"), of: count("images")) ?? true }

  /// A few lines for a person.
  var text: String {
    let images = count("images")
    var head = "\(Format.count(images)) images"
    if let seconds = result["seconds"]?.double, seconds >= 0.1 {
      head += " in \(Format.duration(seconds)), \(Format.rate(Double(images) / seconds))"
    }
    if count("from_cache") > 0 { head += ", \(Format.count(count("from_cache"))) of them from the cache" }
    var lines = [head]
    for (name, style) in [
      ("defective", Style.red), ("good", .green), ("unclear", .yellow), ("failed", .red),
    ] {
      let number = count(name)
      guard number > 0 || name == "defective" || name == "good" else { continue }
      var line = "  " + style("\(Format.count(number)) \(name)")
      line += "  " + Style.faint(Format.percent(Double(number) / Double(max(images, 1))))
      if name == "failed", count("quarantined") > 0 { line += "  \(count("quarantined")) quarantined" }
      lines.append(line)
    }
    if count("clipped") > 0 {
      lines.append(
        Style.yellow("\(Format.count(count("clipped"))) images have grey above 255, which was seen as white.")
          + " Scale them to 8 bits and score them again")
    }
    if let budget, !isWithinBudget {
      let most = budget.json.string ?? budget.json.serialized()
      lines.append(Style.red("More images failed than allowed (\(most)).") + " Their errors: results.csv")
    }
    lines.append("Read it: \(output)/report.html   Every row: \(output)/results.csv")
    return lines.joined(separator: "\n") + "\n"
  }
}
