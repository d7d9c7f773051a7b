internal import Images
internal import Inspection
internal import JobModel
internal import QwenVL
internal import WorkerRuntime

/// Asks a model about images, one Anomaly Detection question each, and where the defect is on those it calls defective.
struct ImageScorer {
  let settings: ScoreSettings
  private let promptProtocol: PromptProtocol
  private let question: InspectionQuestion

  init(_ settings: ScoreSettings) throws {
    self.settings = settings
    promptProtocol = try asUserError { try settings.promptProtocol.resolved() }
    let standard = InspectionQuestion.anomalyDetection
    if let product = settings.product {
      question = InspectionQuestion(
        text: "Is there any defect in the \(product)?", options: standard.options, answer: nil,
        type: standard.type)
    } else {
      question = standard
    }
  }

  /// Rows for `paths`, in their order; an image that cannot be read becomes a row with its error.
  func rows(
    of paths: ArraySlice<String>, with loaded: LoadedModel, isCancelled: @escaping () -> Bool
  ) throws -> [ScoreRow] {
    var rows = paths.map { ScoreRow(path: $0) }
    var asked: [(row: Int, prompt: InspectionPrompt, encoded: Prompt)] = []
    for index in rows.indices {
      let path = settings.images + "/" + rows[index].path
      do {
        let size = try ImageFile.orientedSize(path: path)
        (rows[index].width, rows[index].height) = (size.width, size.height)
        let prompt = try prompt(for: path)
        asked.append((index, prompt, try loaded.prompts.encode(prompt)))
      } catch {
        rows[index].error = "\(error)"
      }
    }
    let inspector = QwenInspector(loaded: loaded, seed: UInt64(settings.seed), isCancelled: isCancelled)
    let replies = try inspector.replies(to: asked.map(\.prompt), encoded: asked.map(\.encoded))
    for (entry, reply) in zip(asked, replies) { read(reply, into: &rows[entry.row]) }
    try locate(&rows, asked.map(\.row), inspector, loaded)
    return rows
  }

  private func prompt(for path: String) throws -> InspectionPrompt {
    let sample = InspectionSample(
      name: path, imagePath: path, randomTemplates: settings.reference.map { [$0] } ?? [],
      questions: [question])
    return try promptProtocol.prompt(
      for: question, of: sample,
      settings: PromptSettings(
        references: settings.reference == nil ? 0 : nil, maxNewTokens: settings.maxNewTokens))
  }

  private func read(_ reply: InspectionReply, into row: inout ScoreRow) {
    let reading = promptProtocol.reading(of: reply.text, options: question.options)
    row.reasoning = reading.think ?? reply.text
    row.probability = reply.answerLogProbabilities.flatMap {
      DefectScore.probability(logProbabilities: $0, question: question)
    }
    let defect = DefectScore.defectLetter(of: question)
    if let letter = reading.letter, question.options.contains(where: { $0.letter == letter }) {
      row.decision = letter == defect ? .defect : .good
    } else {
      row.decision = .unclear
    }
  }

  /// A second prompt, for defective images alone: boxes in the pixels the model saw, brought back to the original.
  private func locate(
    _ rows: inout [ScoreRow], _ candidates: [Int], _ inspector: QwenInspector, _ loaded: LoadedModel
  ) throws {
    let defective = candidates.filter { rows[$0].decision == .defect }
    guard !defective.isEmpty else { return }
    let prompts = defective.map {
      GroundingPrompt.defects(
        image: settings.images + "/" + rows[$0].path, maxNewTokens: settings.maxNewTokens ?? 128)
    }
    let encoded = try prompts.map { try loaded.prompts.encode($0) }
    let replies = try inspector.replies(to: prompts, encoded: encoded)
    for (index, row) in defective.enumerated() {
      guard let width = rows[row].width, let height = rows[row].height, let seen = encoded[index].images.first
      else { continue }
      let reply = GroundingReply(
        replies[index].text, resized: (seen.columns * 14, seen.rows * 14), original: (width, height))
      rows[row].boxes = reply.boxes
    }
  }
}
