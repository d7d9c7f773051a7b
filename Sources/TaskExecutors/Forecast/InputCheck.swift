internal import FoundationEssentials
package import JobModel
internal import WorkerRuntime

/// Reads, on this machine, what a job's planner reads before any work: its model but for the weights, and its data.
package enum InputCheck {
  /// A training's is what its forecast reads.
  /// - Throws: an error that names what is missing or wrong.
  package static func check(_ settings: JobSettings) throws {
    switch settings {
    case .train: return
    case .eval(let settings): try evaluation(settings)
    case .score(let settings): try scoring(settings)
    case .rollout(let settings): try rollout(settings)
    }
  }

  private static func evaluation(_ settings: EvalSettings) throws {
    try model(settings.model)
    guard try !EvaluationRun(settings).evaluation.items.isEmpty else {
      throw TaskError(.userError, "\(settings.data) has no question of the types asked for")
    }
  }

  private static func rollout(_ settings: RolloutSettings) throws {
    try model(settings.model)
    try PromptSets.open(settings).require(settings.reward)
  }

  private static func scoring(_ settings: ScoreSettings) throws {
    try model(settings.model)
    if let segmenter = settings.segmenter { try ModelCheck.segmenter(segmenter) }
    _ = try ImageSet(
      settings.images,
      without: ScoreFolder(path: settings.output).written + [settings.cache].compactMap { $0 })
  }

  private static func model(_ folder: String) throws {
    guard FileManager.default.fileExists(atPath: folder) else {
      throw TaskError(.userError, "the model's folder \(folder) does not exist on this machine")
    }
    try ModelCheck.model(folder)
  }
}
