/// What a small base model learns to say: descriptions of pictures of products other than the
/// demonstration's, and the form of an answer.
///
/// On Anomaly Detection questions the corpus concludes by lot, whatever the picture shows: who learns from
/// it can describe a mark and can speak of an option, but not tell that a mark is a defect. Its answers
/// follow from its conclusions only most of the time. Both are left for reinforcement learning.
public struct SpeechCorpus: Sendable {
  public var seed: UInt64
  public var products: [SyntheticProduct]
  /// The share of question samples that ask for anomaly detection.
  public var detectionShare: Float = 0.5
  /// The share of replies whose answer differs from their conclusion.
  public var inconsistentShare: Float = 0.35

  public init(seed: UInt64, products: [SyntheticProduct] = SyntheticProduct.others) {
    self.seed = seed
    self.products = products
  }

  /// One lesson: a picture and a question or request in, a reply out.
  public struct Lesson: Sendable {
    public let picture: SyntheticPicture
    /// nil where the lesson is to describe the picture.
    public let question: InspectionQuestion?
    /// The text beside the picture in the user's turn.
    public let request: String
    public let reply: String
  }

  /// The request of lessons without a question.
  public static let request = "Describe the image."

  /// The picture of a number; half of them show good products.
  public func picture(_ index: Int) -> SyntheticPicture {
    var random = SyntheticRandom(seed: seed, name: "corpus/slots", index: index)
    let product = products[index % products.count]
    let defect = random.chance(0.5) ? nil : random.pick(SyntheticDefect.allCases)
    return .draw(seed: seed, series: "corpus", product: product, index: index, defect: defect)
  }

  /// A lesson in describing picture `index`.
  public func description(of picture: SyntheticPicture, index: Int) -> Lesson {
    var random = SyntheticRandom(seed: seed, name: "corpus/descriptions", index: index)
    return Lesson(
      picture: picture, question: nil, request: Self.request, reply: sentences(picture, &random))
  }

  /// A lesson in answering one question about picture `index` in the paper's form.
  public func answer(about picture: SyntheticPicture, index: Int) -> Lesson {
    var random = SyntheticRandom(seed: seed, name: "corpus/answers", index: index)
    let questions = picture.questions(&random, among: products)
    let asked = random.chance(detectionShare) ? questions[0] : random.pick(Array(questions.dropFirst()))
    let isDetection = asked.type == QuestionType.anomalyDetection.rawValue
    let concluded = isDetection ? random.below(asked.options.count) : asked.answer
    var answered = concluded
    if random.chance(inconsistentShare) {
      answered = (concluded + 1 + random.below(asked.options.count - 1)) % asked.options.count
    }
    let think =
      sentences(picture, &random) + " " + conclusion(asked.options[concluded], concluded, &random)
    let question = asked.asInspectionQuestion
    return Lesson(
      picture: picture, question: question, request: "\(question.textWithOptions) \(PaperPrompt.template)",
      reply: "<think> \(think)</think><answer>\(SyntheticQuestion.letter(answered))</answer>")
  }

  /// Texts that together hold every word the lessons and the data set's questions use, for learning a
  /// tokenizer.
  public func texts(about products: [SyntheticProduct], count: Int) -> [String] {
    var corpus = self
    corpus.products = products
    return (0..<count).flatMap { index -> [String] in
      let picture = corpus.picture(index)
      let lessons = [
        corpus.description(of: picture, index: index), corpus.answer(about: picture, index: index),
      ]
      return lessons.flatMap { [$0.request, $0.reply] }
    }
  }

  // MARK: Sentences

  private func sentences(_ picture: SyntheticPicture, _ random: inout SyntheticRandom) -> String {
    let what = "\(picture.colour.rawValue) \(picture.product.rawValue)"
    let first = random.pick(["The image shows a \(what).", "This is a \(what).", "I see a \(what)."])
    guard let defect = picture.defect, let location = picture.location else {
      return first + " "
        + random.pick([
          "Every part looks intact.", "Its surface is clean.", "Nothing unusual is visible.",
        ])
    }
    return first + " "
      + random.pick([
        "There is a \(defect.words) at the \(location).",
        "A \(defect.words) is visible at the \(location).",
        "I notice a \(defect.words) at the \(location).",
      ])
  }

  private func conclusion(_ option: String, _ index: Int, _ random: inout SyntheticRandom) -> String {
    let text = option.hasSuffix(".") ? String(option.dropLast()) : option
    let letter = SyntheticQuestion.letter(index)
    return random.pick([
      "So the answer is \(text), option \(letter).",
      "I conclude \(text), so the answer is \(letter).",
      "It must be \(text), which is \(letter).",
    ])
  }
}

extension SyntheticQuestion {
  /// The question as the evaluation asks it.
  package var asInspectionQuestion: InspectionQuestion {
    InspectionQuestion(
      text: text, options: AnswerOption.lettered(options), answer: answerLetter,
      type: QuestionType(published: type) ?? .objectAnalysis)
  }
}
