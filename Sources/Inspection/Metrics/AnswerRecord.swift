/// One answered question, as the published benchmark's answer files keep it.
public struct AnswerRecord: Sendable, Equatable {
  /// The sample's name: the picture's path inside the data set.
  public var image: String
  /// The question with its lettered options.
  public var questionText: String
  public var options: [AnswerOption]
  /// The type's name as published.
  public var questionType: String
  /// The right letter.
  public var correctAnswer: String
  /// The letter given, or anything outside A–E for a reply that could not be read; see ``unreadable``.
  public var givenAnswer: String
  /// The reasoning, where the protocol asks for one.
  public var thinking: String?
  /// The letter the reasoning concludes on.
  public var conclusion: String?
  /// Probability of a defect from the logits, for Anomaly Detection questions.
  public var defectProbability: Double?
  /// Whether the picture is of a good product, where its name does not say so by the benchmark's rule.
  public var statedNormal: Bool?
  /// The letters of the options in the order in which the model saw them, when they were shuffled: `CAB` showed the
  /// published option C as A. All letters of a record are the published ones.
  public var shownOrder: String?
  /// The pictures of good products that were shown with it: by the names that an index gives them, else their paths.
  public var references: [String]

  /// What stands for a letter in a reply that could not be read; the paper's released code writes it too.
  public static let unreadable = "X"

  public init(
    image: String, questionText: String, options: [AnswerOption], questionType: String, correctAnswer: String,
    givenAnswer: String, thinking: String? = nil, conclusion: String? = nil, defectProbability: Double? = nil,
    statedNormal: Bool? = nil, shownOrder: String? = nil, references: [String] = []
  ) {
    self.image = image
    self.questionText = questionText
    self.options = options
    self.questionType = questionType
    self.correctAnswer = correctAnswer
    self.givenAnswer = givenAnswer
    self.thinking = thinking
    self.conclusion = conclusion
    self.defectProbability = defectProbability
    self.statedNormal = statedNormal
    self.shownOrder = shownOrder
    self.references = references
  }

  /// Whether the published metric accepts the record: both letters are among A–E.
  public var isReadable: Bool {
    AnswerRecord.isLetter(givenAnswer) && AnswerRecord.isLetter(correctAnswer)
  }

  /// Whether the answer given can be read.
  public var hasReadableAnswer: Bool { AnswerRecord.isLetter(givenAnswer) }

  /// Whether the benchmark's metric knows the letter.
  static func isLetter(_ text: String) -> Bool {
    guard text.utf8.count == 1, let byte = text.utf8.first else { return false }
    return (65...69).contains(byte)
  }

  /// Whether the answer is the right one; an answer that cannot be read is wrong.
  public var isRight: Bool { hasReadableAnswer && givenAnswer == correctAnswer }

  /// Whether the picture counts as normal.
  public var isNormal: Bool { statedNormal ?? InspectionSample.isNormal(image) }

  /// The first component of the picture's path.
  public var dataset: String {
    String(image.prefix { $0 != "/" })
  }

  /// The second component of the picture's path: the class of the product.
  public var category: String {
    let components = image.split(separator: "/", maxSplits: 2, omittingEmptySubsequences: false)
    return components.count > 1 ? String(components[1]) : ""
  }
}
