package import Inspection
package import QwenVL

/// Asks a base model about new pictures and reads what it says.
package struct BaseCheck {
  package let model: QwenModel
  package let encoder: LessonEncoder
  private let batch = 50

  package init(model: QwenModel, encoder: LessonEncoder) {
    self.model = model
    self.encoder = encoder
  }

  /// - Parameter seed: of pictures that no lesson shows.
  package func run(products: [SyntheticProduct], pictures: Int, seed: UInt64) throws -> BaseReport.Check {
    var tally = Tally()
    for start in stride(from: 0, to: pictures, by: batch) {
      let indices = start..<min(start + batch, pictures)
      let drawn = Self.pictures(indices, products, seed: seed)
      let questions = zip(drawn, indices).map { Self.question($0, $1, products, seed) }
      let answers = try replies(
        to: zip(drawn, questions).map { try encoder.prompt(try Self.request($1), about: $0) })
      let descriptions = try replies(to: drawn.map { try encoder.prompt(SpeechCorpus.request, about: $0) })
      for (index, picture) in drawn.enumerated() {
        tally.add(picture, questions[index], reply: answers[index], description: descriptions[index])
      }
    }
    return tally.check
  }

  /// Pictures no lesson shows, in turn of a good and a defective product.
  package static func pictures(
    _ indices: Range<Int>, _ products: [SyntheticProduct], seed: UInt64
  ) -> [SyntheticPicture] {
    let kinds = SyntheticDefect.allCases
    return indices.map { index in
      let pair = index / 2
      return SyntheticPicture.draw(
        seed: seed, series: "check", product: products[pair % products.count], index: index,
        defect: index % 2 == 0 ? nil : kinds[pair / products.count % kinds.count])
    }
  }

  /// The Anomaly Detection question about a picture.
  private static func question(
    _ picture: SyntheticPicture, _ index: Int, _ products: [SyntheticProduct], _ seed: UInt64
  ) -> InspectionQuestion {
    var random = SeededRandom(seed: seed, name: "check/questions", index: index)
    return picture.questions(&random, among: products)[0].asInspectionQuestion
  }

  /// The text beside the picture as the paper's protocol has it.
  package static func request(_ question: InspectionQuestion) throws -> String {
    let sample = InspectionSample(name: "", imagePath: "", questions: [question])
    let prompt = try PromptProtocol.paper.prompt(
      for: question, of: sample, settings: PromptSettings(references: 0))
    return prompt.parts.map { if case .text(let text) = $0 { text } else { "" } }.joined()
  }

  private func replies(to prompts: [Prompt]) throws -> [String] {
    let options = SamplingOptions(maxNewTokens: 64, stopTokenIDs: encoder.prompts.configuration.stopTokenIDs)
    return try model.generate(prompts: prompts, options: options).map { completions in
      encoder.prompts.tokenizer.decode(completions.flatMap(\.ids))
    }
  }
}

/// Shares among good and defective products apart, since one half of the pictures must not hide the other.
private struct Tally {
  private var pictures = 0
  private var formatted = 0
  private var agreeing = 0
  private var bound = 0
  private var products = 0
  private var colours = 0
  private var kinds = 0
  private var places = 0
  private var count = (good: 0, defective: 0)
  private var right = (good: 0, defective: 0)
  private var noticed = (good: 0, defective: 0)
  private var sample = ""

  mutating func add(
    _ picture: SyntheticPicture, _ question: InspectionQuestion, reply: String, description: String
  ) {
    let reading = AnswerReading.reasoned(reply, to: question)
    pictures += 1
    if ReasonedReply(reply).isFormatted { formatted += 1 }
    if let letter = reading.letter, letter == reading.conclusion { agreeing += 1 }
    if let option = question.options.first(where: { $0.letter == reading.conclusion }),
      reading.think?.contains(" \(option.text.dropLast()) (\(option.letter))") == true
    {
      bound += 1
    }
    let isRight = reading.letter != nil && reading.letter == question.answer
    let says = SyntheticDefect.allCases.filter { description.contains($0.words) }
    if picture.isGood {
      count.good += 1
      right.good += isRight ? 1 : 0
      noticed.good += says.isEmpty ? 1 : 0
    } else {
      count.defective += 1
      right.defective += isRight ? 1 : 0
      noticed.defective += says.isEmpty ? 0 : 1
      if let defect = picture.defect, says == [defect] { kinds += 1 }
      if let location = picture.location, description.contains("at the \(location).") { places += 1 }
    }
    if description.contains(picture.product.rawValue) { products += 1 }
    if description.contains(picture.colour.rawValue) { colours += 1 }
    sample = reply
  }

  var check: BaseReport.Check {
    func share(_ part: Int, of whole: Int) -> Double { Double(part) / Double(max(1, whole)) }
    func balanced(_ part: (good: Int, defective: Int)) -> Double {
      (share(part.good, of: count.good) + share(part.defective, of: count.defective)) / 2
    }
    return BaseReport.Check(
      pictures: pictures, formatted: share(formatted, of: pictures), detectionAccuracy: balanced(right),
      agreement: share(agreeing, of: pictures), binding: share(bound, of: pictures),
      notices: balanced(noticed),
      namesKind: share(kinds, of: count.defective), namesPlace: share(places, of: count.defective),
      namesProduct: share(products, of: pictures), namesColour: share(colours, of: pictures), sample: sample)
  }
}
