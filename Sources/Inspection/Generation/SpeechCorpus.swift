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
  /// The same share on Anomaly Detection questions: the answer is a lot of its own.
  public var inconsistentDetectionShare: Float = 0.5
  /// The shares of lessons that describe a picture and that list a question's options.
  public var descriptionShare: Float = 0.35
  public var listShare: Float = 0.25

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
    var random = SeededRandom(seed: seed, name: "corpus/slots", index: index)
    let product = products[index % products.count]
    let defect = random.chance(0.5) ? nil : random.pick(SyntheticDefect.allCases)
    return .draw(seed: seed, series: "corpus", product: product, index: index, defect: defect)
  }

  /// The request of lessons in naming options.
  public static let listRequest = "List the options."

  /// The lesson of a number; its kind is drawn by lot.
  public func lesson(about picture: SyntheticPicture, index: Int) -> Lesson {
    var random = SeededRandom(seed: seed, name: "corpus/kinds", index: index)
    let lot = random.unit()
    if lot < descriptionShare { return description(of: picture, index: index) }
    if lot < descriptionShare + listShare { return list(about: picture, index: index) }
    return answer(about: picture, index: index)
  }

  /// A lesson in finding the letter that belongs to an option's text: the options of one question by text
  /// and letter, in another order.
  public func list(about picture: SyntheticPicture, index: Int) -> Lesson {
    var random = SeededRandom(seed: seed, name: "corpus/lists", index: index)
    let asked = random.pick(picture.questions(&random, among: products))
    let order = random.shuffled(Array(asked.options.indices))
    let question = asked.asInspectionQuestion
    return Lesson(
      picture: picture, question: nil, request: "\(question.textWithOptions) \(Self.listRequest)",
      reply: order.map { Self.naming(asked.options[$0], $0) + "." }.joined(separator: " "))
  }

  /// A lesson in describing picture `index`.
  public func description(of picture: SyntheticPicture, index: Int) -> Lesson {
    var random = SeededRandom(seed: seed, name: "corpus/descriptions", index: index)
    return Lesson(
      picture: picture, question: nil, request: Self.request, reply: sentences(picture, &random))
  }

  /// A lesson in answering one question about picture `index` in the paper's form.
  public func answer(about picture: SyntheticPicture, index: Int) -> Lesson {
    var random = SeededRandom(seed: seed, name: "corpus/answers", index: index)
    let questions = picture.questions(&random, among: products)
    let asked = random.chance(detectionShare) ? questions[0] : random.pick(Array(questions.dropFirst()))
    let isDetection = asked.type == QuestionType.anomalyDetection.rawValue
    let concluded = isDetection ? random.below(asked.options.count) : asked.answer
    var answered = concluded
    if random.chance(isDetection ? inconsistentDetectionShare : inconsistentShare) {
      answered = (concluded + 1 + random.below(asked.options.count - 1)) % asked.options.count
    }
    let think =
      sentences(picture, &random) + " " + conclusion(asked.options[concluded], concluded, &random)
    let question = asked.asInspectionQuestion
    return Lesson(
      picture: picture, question: question, request: "\(question.textWithOptions) \(PaperPrompt.template)",
      reply: "<think> \(think)</think><answer>\(SyntheticQuestion.letter(answered))\(Self.answerEnd)")
  }

  /// Texts that together hold every word the lessons and the data set's questions use, for learning a
  /// tokenizer. Answers are left empty in them: a letter behind the tag then stays a token of its own, the
  /// same as before an option and in a conclusion, and can be copied.
  public func texts(about products: [SyntheticProduct], count: Int) -> [String] {
    var corpus = self
    corpus.products = products
    return (0..<count).flatMap { index -> [String] in
      let picture = corpus.picture(index)
      let lessons = [
        corpus.description(of: picture, index: index), corpus.list(about: picture, index: index),
        corpus.answer(about: picture, index: index),
      ]
      return lessons.flatMap { lesson -> [String] in
        var reply = lesson.reply
        if lesson.reply.hasPrefix("<think>") {
          reply = String(reply.dropLast(Self.answerEnd.count + 1)) + Self.answerEnd
        }
        return [lesson.request, reply]
      }
    }
  }

  // MARK: Sentences

  private func sentences(_ picture: SyntheticPicture, _ random: inout SeededRandom) -> String {
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

  private func conclusion(_ option: String, _ index: Int, _ random: inout SeededRandom) -> String {
    let naming = Self.naming(option, index)
    return random.pick(["So the answer is \(naming).", "I conclude \(naming).", "It must be \(naming)."])
  }

  private static let answerEnd = "</answer>"

  /// An option by its text and its letter: "Yes (A)".
  private static func naming(_ option: String, _ index: Int) -> String {
    let text = option.hasSuffix(".") ? String(option.dropLast()) : option
    return "\(text) (\(SyntheticQuestion.letter(index)))"
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
