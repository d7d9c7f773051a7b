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

  /// What stands for a letter in a reply that could not be read; the paper's released code writes it too.
  public static let unreadable = "X"

  public init(
    image: String, questionText: String, options: [AnswerOption], questionType: String, correctAnswer: String,
    givenAnswer: String, thinking: String? = nil, conclusion: String? = nil, defectProbability: Double? = nil
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
  }

  /// Whether the published metric accepts the record: both letters are among A–E.
  public var isReadable: Bool {
    AnswerRecord.isLetter(givenAnswer) && AnswerRecord.isLetter(correctAnswer)
  }

  /// Whether the answer given can be read.
  public var hasReadableAnswer: Bool { AnswerRecord.isLetter(givenAnswer) }

  private static func isLetter(_ text: String) -> Bool {
    guard text.utf8.count == 1, let byte = text.utf8.first else { return false }
    return (65...69).contains(byte)
  }

  /// The first component of the picture's path.
  public var dataset: String {
    String(image.prefix { $0 != "/" })
  }
}
