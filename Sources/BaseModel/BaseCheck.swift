import Inspection
import QwenVL

/// Asks a base model about new pictures and reads what it says.
struct BaseCheck {
  let model: QwenModel
  let encoder: LessonEncoder
  private let batch = 50

  /// - Parameter seed: of pictures that no lesson shows.
  func run(products: [SyntheticProduct], pictures: Int, seed: UInt64) throws -> BaseReport.Check {
    var tally = Tally()
    for start in stride(from: 0, to: pictures, by: batch) {
      let asked = (start..<min(start + batch, pictures)).map { Self.asked($0, products, seed) }
      let replies = try replies(
        to: asked.map { try encoder.prompt(try Self.request($0.question), about: $0.picture) })
      let descriptions = try self.replies(
        to: asked.map { try encoder.prompt(SpeechCorpus.request, about: $0.picture) })
      for ((asked, reply), description) in zip(zip(asked, replies), descriptions) {
        tally.add(asked.picture, asked.question, reply: reply, description: description)
      }
    }
    return tally.check
  }

  /// Picture `index`, in turn of a good and a defective product, and its Anomaly Detection question.
  private static func asked(
    _ index: Int, _ products: [SyntheticProduct], _ seed: UInt64
  ) -> (picture: SyntheticPicture, question: InspectionQuestion) {
    let pair = index / 2
    let kinds = SyntheticDefect.allCases
    let picture = SyntheticPicture.draw(
      seed: seed, series: "check", product: products[pair % products.count], index: index,
      defect: index % 2 == 0 ? nil : kinds[pair / products.count % kinds.count])
    var random = SyntheticRandom(seed: seed, name: "check/questions", index: index)
    return (picture, picture.questions(&random, among: products)[0].asInspectionQuestion)
  }

  /// The text beside the picture as the paper's protocol has it.
  private static func request(_ question: InspectionQuestion) throws -> String {
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
    let reading = AnswerReading.reasoned(reply, options: question.options)
    pictures += 1
    if ReasonedReply(reply).isFormatted { formatted += 1 }
    if let letter = reading.letter, letter == reading.conclusion { agreeing += 1 }
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
      agreement: share(agreeing, of: pictures), notices: balanced(noticed),
      namesKind: share(kinds, of: count.defective), namesPlace: share(places, of: count.defective),
      namesProduct: share(products, of: pictures), namesColour: share(colours, of: pictures), sample: sample)
  }
}
