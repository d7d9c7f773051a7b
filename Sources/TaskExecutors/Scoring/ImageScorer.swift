internal import Inspection
internal import JobModel
internal import QwenVL
internal import WorkerRuntime

/// Puts read images to the model: one Anomaly Detection question for each view, and where the defects are on those
/// it calls defective.
struct ImageScorer {
  private let settings: ScoreSettings
  private let questions: ScoreQuestions
  private let loaded: LoadedModel
  private var inspector: QwenInspector

  init(
    settings: ScoreSettings, questions: ScoreQuestions, loaded: LoadedModel,
    isCancelled: @escaping () -> Bool
  ) {
    self.settings = settings
    self.questions = questions
    self.loaded = loaded
    inspector = QwenInspector(loaded: loaded, seed: UInt64(settings.seed), isCancelled: isCancelled)
  }

  /// The rows of `images`, in their order.
  func rows(of images: [ReadImage]) throws -> [ScoreRow] {
    let views = images.flatMap(\.views)
    // What every image is compared with is computed once for all batches.
    for reference in Set(views.flatMap { $0.prompt.imagePaths.dropLast() }) {
      if let patches = questions.knownPatches(ofReference: reference) {
        try loaded.keptImages.keep(patches, for: loaded.model)
      }
    }
    let replies = try replies(to: views.map(\.prompt), encoded: views.map(\.encoded))
    var rows = images.map(\.row)
    var located: [(image: Int, view: ReadImage.View)] = []
    var first = 0
    for (index, image) in images.enumerated() {
      defer { first += image.views.count }
      guard !image.views.isEmpty else { continue }
      let findings = replies[first..<first + image.views.count].map(finding)
      join(findings, image, into: &rows[index])
      rows[index].decide(by: settings.threshold)
      guard rows[index].decision == .defect else { continue }
      rows[index].isLocated = true
      for (view, finding) in zip(image.views, findings) where isSuspect(finding, in: findings) {
        located.append((index, view))
      }
    }
    try locate(located, &rows)
    return rows
  }

  /// A large image has more tiles than fit into one pass; they are asked in several.
  private func replies(to prompts: [InspectionPrompt], encoded: [Prompt]) throws -> [InspectionReply] {
    var replies: [InspectionReply] = []
    while replies.count < prompts.count {
      let start = replies.count
      var (end, tokens) = (start, 0)
      while end < prompts.count, end - start < ImageFeed.largestBatch,
        end == start || tokens + encoded[end].ids.count <= ImageFeed.mostTokens
      {
        tokens += encoded[end].ids.count
        end += 1
      }
      replies += try inspector.replies(
        to: Array(prompts[start..<end]), encoded: Array(encoded[start..<end]))
    }
    return replies
  }

  // MARK: The question

  /// What the model said of one view.
  private struct Finding {
    var answer: ScoreRow.Decision
    var probability: Double?
    var reasoning: String
  }

  private func finding(_ reply: InspectionReply) -> Finding {
    let question = questions.question
    let reading = questions.promptProtocol.reading(of: reply.text, to: question)
    var answer = ScoreRow.Decision.unclear
    if let letter = reading.letter, question.options.contains(where: { $0.letter == letter }) {
      answer = letter == DefectScore.defectLetter(of: question) ? .defect : .good
    }
    return Finding(
      answer: answer,
      probability: reply.answerLogProbabilities.flatMap {
        DefectScore.probability(logProbabilities: $0, question: question)
      }, reasoning: reading.think ?? reply.text)
  }

  /// An image is as defective as the worst of its views, whose reasoning it takes.
  private func join(_ findings: [Finding], _ image: ReadImage, into row: inout ScoreRow) {
    let answers = findings.map(\.answer)
    row.answer = answers.contains(.defect) ? .defect : answers.contains(.unclear) ? .unclear : .good
    let worst = findings.max {
      ($0.probability ?? -1, $0.answer == .defect ? 1 : 0) < (
        $1.probability ?? -1, $1.answer == .defect ? 1 : 0
      )
    }
    row.probability = worst?.probability
    row.reasoning = worst?.reasoning
    if image.views.count > 1 {
      row.tiles = zip(image.views, findings).map {
        ScoreRow.Tile(box: $0.box, probability: $1.probability)
      }
    }
  }

  /// Views worth asking for places: those called defective, by answer or threshold; the worst one at least.
  private func isSuspect(_ finding: Finding, in findings: [Finding]) -> Bool {
    if findings.count == 1 || finding.answer == .defect { return true }
    if let threshold = settings.threshold, let probability = finding.probability {
      return probability >= threshold
    }
    return false
  }

  // MARK: The places

  /// A second prompt: boxes in the pixels the model saw, brought back to the image.
  private func locate(_ asked: [(image: Int, view: ReadImage.View)], _ rows: inout [ScoreRow]) throws {
    guard !asked.isEmpty else { return }
    let prompts = asked.map { questions.placesPrompt(like: $0.view.prompt) }
    let encoded = try zip(prompts, asked).map {
      try loaded.prompts.encode($0, pictures: [.patches($1.view.picture, name: "the image")])
    }
    let replies = try replies(to: prompts, encoded: encoded)
    var found: [Int: [GroundedBox]] = [:]
    for (reply, entry) in zip(replies, asked) {
      let (box, picture) = (entry.view.box, entry.view.picture)
      let places = GroundingReply(
        reply.text, resized: (picture.resizedWidth, picture.resizedHeight),
        original: (Int(box.x2 - box.x1), Int(box.y2 - box.y1)))
      found[entry.image, default: []] += places.boxes.map {
        GroundedBox(box: $0.box.moved(x: box.x1, y: box.y1), label: $0.label)
      }
    }
    for (image, boxes) in found {
      rows[image].boxes = rows[image].tiles.isEmpty ? boxes : Tiling.merged(boxes)
    }
  }
}
