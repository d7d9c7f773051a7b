internal import Inspection
internal import JobModel
internal import QwenVL
internal import WorkerRuntime

/// Measures a policy on held-out prompts, greedily: the same numbers as an evaluation of the same version.
struct HeldOutMeasurement {
  private let settings: ValidationSettings
  private let prompts: any PromptSet
  private let seed: UInt64
  /// What the best version is best at.
  let metric: ValidationMetricName
  /// Prompts that decode together.
  private let batch: Int

  /// - Parameter halvings: of how many prompts decode together.
  init(_ settings: ValidationSettings, of run: TrainSettings, halvings: Int) throws {
    self.settings = settings
    batch = 64.halved(halvings)
    // Rows bring their pictures and have no types.
    let isRows = InstructionFile.isOne(settings.data)
    let prompts = try asUserError {
      try PromptSets.open(
        data: settings.data, images: settings.images, promptProtocol: run.promptProtocol,
        references: isRows ? nil : run.references, types: isRows ? nil : run.questionTypes,
        maxNewTokens: run.maxNewTokens, limit: settings.limit, seed: run.seed)
    }
    self.prompts = prompts
    seed = UInt64(run.seed)
    guard let target = prompts.target else {
      throw TaskError(.userError, "\(settings.data): held-out rows have options, or all have boxes")
    }
    metric = settings.metric ?? (target == .box ? .iou : .accuracy)
    guard (metric == .iou) == (target == .box) else {
      throw TaskError(
        .userError,
        "the validation metric \(metric.rawValue) does not go with \(settings.data); "
          + "options are measured by accuracy or agreement, boxes by iou")
    }
  }

  func isDue(step: Int, of steps: Int) -> Bool { step % settings.every == 0 || step == steps }

  /// - Returns: metrics by name, `validation/…`.
  func measure(_ model: LoadedModel, context: TaskContext) throws -> [String: Double] {
    var inspector = QwenInspector(loaded: model, seed: seed, isCancelled: { context.isCancelled })
    if let questions = (prompts as? QuestionPrompts)?.evaluation {
      let report = try asUserError {
        try EvaluationReport(
          records: try questions.run(0..<questions.items.count, with: &inspector, batch: batch) { _ in
            try context.checkCancellation()
          })
      }
      let accuracies = report.accuracies().map(\.accuracy)
      var values = ["validation/accuracy": accuracies.reduce(0, +) / Double(max(1, accuracies.count))]
      values["validation/agreement"] = report.conclusionAgreement
      return values
    }
    var statistics = ReplyStatistics()
    for start in stride(from: 0, to: prompts.count, by: batch) {
      try context.checkCancellation()
      let range = start..<min(start + batch, prompts.count)
      try asUserError {
        let asked = try range.map { try prompts.prompt(of: $0) }
        let encoded = try asked.map { try model.prompts.encode($0) }
        let replies = try inspector.replies(to: asked, encoded: encoded)
        for (offset, index) in range.enumerated() {
          let target = try prompts.target(of: index, scale: encoded[offset].pictureScale)
          try statistics.add(replies[offset].text, target: target)
        }
      }
    }
    let found = statistics.values
    var values: [String: Double] = [:]
    values["validation/accuracy"] = found["answers/right"]
    values["validation/agreement"] = found["answers/agree"]
    values["validation/iou"] = found["answers/iou"]
    return values
  }
}
