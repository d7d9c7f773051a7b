/// One choice of a question: a letter and its text.
public struct AnswerOption: Sendable, Equatable, Codable {
  /// An upper-case letter, "A" for the first option.
  public let letter: String
  /// The text as published, final full stop included.
  public let text: String

  public init(letter: String, text: String) {
    self.letter = letter
    self.text = text
  }

  /// The options a text lists, one a line and lettered from A: `A. Yes.`, `A) Yes.` or `A: Yes.`
  public static func listed(in text: String) -> [AnswerOption] {
    var options: [AnswerOption] = []
    for line in text.split(whereSeparator: \.isNewline) {
      let trimmed = line.drop { $0 == " " || $0 == "\t" }
      guard let first = trimmed.first, let mark = trimmed.dropFirst().first, ".):".contains(mark) else {
        continue
      }
      let letter = String(first)
      guard letter.utf8.elementsEqual([UInt8(truncatingIfNeeded: 65 + options.count)]) else { continue }
      let text = trimmed.dropFirst(2).drop { $0 == " " }
      options.append(AnswerOption(letter: letter, text: String(text)))
    }
    return options
  }

  /// Letters texts A, B, C… in order of appearance.
  public static func lettered(_ texts: [String]) -> [AnswerOption] {
    texts.enumerated().map { index, text in
      AnswerOption(letter: String(UnicodeScalar(UInt8(65 + index % 26))), text: text)
    }
  }
}

/// A multiple-choice question about one picture.
public struct InspectionQuestion: Sendable, Equatable {
  /// The question alone, without its options.
  public let text: String
  /// The options in their published order, lettered A, B, C….
  public let options: [AnswerOption]
  /// The right letter; `nil` where nobody has answered the question yet.
  public let answer: String?
  public let type: QuestionType
  /// The type's name as published (`Object Structure` stays itself), for files other programs read.
  public let publishedType: String

  public init(
    text: String, options: [AnswerOption], answer: String?, type: QuestionType, publishedType: String? = nil
  ) {
    self.text = text
    self.options = options
    self.answer = answer
    self.type = type
    self.publishedType = publishedType ?? type.rawValue
  }

  /// Whether its right letter is one that the benchmark's metric knows, A to E; another one counts as wrong whatever is
  /// answered.
  public var isCounted: Bool { answer.map(AnswerRecord.isLetter) ?? false }

  /// Says how many of a set are not; nil where all are.
  public static func notice(uncounted count: Int) -> String? {
    count == 0
      ? nil
      : "questions whose right answer is beyond E, so that the metric counts whatever is answered as wrong: \(count)"
  }

  /// The benchmark's question about the presence of a defect: A means a defect, B none.
  public static let anomalyDetection = InspectionQuestion(
    text: "Is there any defect in the object?", options: AnswerOption.lettered(["Yes.", "No."]), answer: nil,
    type: .anomalyDetection)

  /// The question with one line per option, as every prompt protocol shows it: `text ␠\nA. Yes.\nB. No.\n`.
  public var textWithOptions: String {
    var result = text + " \n"
    for option in options { result += "\(option.letter). \(option.text)\n" }
    return result
  }
}
