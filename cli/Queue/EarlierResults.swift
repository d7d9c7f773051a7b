import FoundationEssentials
import JobModel

/// What a job's output folder holds, as far as this machine sees it, of another job, and what will become of it.
/// Folders may be used again, so it is said and nothing is refused.
enum EarlierResults {
  /// One line; nil where nothing is lost.
  static func warning(about spec: JobSpec) -> String? {
    let output: String
    let replaced: [(name: String, of: String)]
    // Evaluations and scorings call their reports alike.
    var sharesReport: (name: String, of: String)?
    switch spec.settings {
    case .train(let settings):
      output = settings.output
      replaced = [("model", "training"), ("adapter", "training")]
    case .eval(let settings):
      output = settings.output
      replaced = [("answers.json", "evaluation")]
      sharesReport = ("results.jsonl", "scoring")
    case .score(let settings):
      output = settings.output
      replaced = settings.append ? [] : [("results.jsonl", "scoring")]
      sharesReport = ("answers.json", "evaluation")
    case .rollout(let settings):
      output = settings.output
      replaced = [("groups.jsonl", "rollout job")]
    }
    func isThere(_ name: String) -> Bool { FileManager.default.fileExists(atPath: "\(output)/\(name)") }
    if let found = replaced.first(where: { isThere($0.name) }) {
      return "\(output) holds \(found.name) of an earlier \(found.of), which this job will replace"
    }
    if let other = sharesReport, isThere(other.name), isThere("report.html") {
      return
        "\(output) holds \(other.name) of an earlier \(other.of), whose report.html this job will replace"
    }
    return nil
  }
}
