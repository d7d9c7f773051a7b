import JobModel
import OrderedJSON

/// What a finished evaluation found, as its report says.
struct EvaluationOutcome {
  private let result: JSON
  private let output: String

  /// nil for a job without a report.
  init?(_ detail: JobDetail) {
    guard let result = detail.tasks.last(where: { $0.kind == .report })?.result,
      case .eval(let settings) = detail.job.spec.settings
    else { return nil }
    self.result = result
    output = settings.output
  }

  /// The accuracies, and where the rest stands.
  var text: String {
    let accuracies = result["accuracy"]?.members ?? []
    let width = accuracies.map(\.key.count).max() ?? 0
    var lines = ["\(Format.count(result["answers"]?.int ?? 0)) answers, strictly counted"]
    for entry in accuracies {
      let padding = String(repeating: " ", count: width - entry.key.count)
      lines.append("  \(entry.key)\(padding)  \(Format.percent(entry.value.double ?? .nan))")
    }
    if let agreement = result["conclusion_agreement"]?.double {
      lines.append("reasoning concludes on the answer in \(Format.percent(agreement))")
    }
    if let overlap = result["training_overlap"]?.string { lines.append(Style.red(overlap)) }
    lines.append("Read it: \(output)/report.html   As text: \(output)/report.txt")
    return lines.joined(separator: "\n") + "\n"
  }
}
