/// What a reply is scored against.
public enum RewardTarget: Sendable {
  case choice(ChoiceTarget)
  case box(BoxTarget)

  /// The target of a question.
  /// - Throws: ``RewardError`` when the question has no answer or the answer is not among its options.
  public init(question: InspectionQuestion) throws(RewardError) {
    guard let answer = question.answer else {
      throw RewardError(message: "the question \"\(question.text)\" has no answer to score against")
    }
    self = .choice(
      try ChoiceTarget(
        options: question.options, answer: answer, conclusions: ConclusionReader(question: question)))
  }
}

/// The options of a question and the right one, prepared for reading many replies.
public struct ChoiceTarget: Sendable {
  public let options: [AnswerOption]
  /// The right letter.
  public let answer: String
  /// Finds the options that reasoning names.
  public let conclusions: ConclusionReader

  /// - Parameter question: what the options answer; `nil` is the benchmark's "Is there any defect in the object?".
  /// - Throws: ``RewardError`` when there are no options, a letter is not a single A–Z, a letter repeats, or
  ///   the answer is not one of the letters.
  public init(
    options: [AnswerOption], answer: String, question: String? = nil
  ) throws(RewardError) {
    try self.init(
      options: options, answer: answer, conclusions: ConclusionReader(options: options, question: question))
  }

  fileprivate init(
    options: [AnswerOption], answer: String, conclusions: ConclusionReader
  ) throws(RewardError) {
    guard !options.isEmpty else { throw RewardError(message: "a question without options cannot be scored") }
    var seen: Set<String> = []
    for option in options {
      guard option.letter.utf8.count == 1, let byte = option.letter.utf8.first, byte >= 65, byte <= 90 else {
        throw RewardError(message: "option letter \"\(option.letter)\" is not one of A to Z")
      }
      guard seen.insert(option.letter).inserted else {
        throw RewardError(message: "option \(option.letter) occurs twice")
      }
    }
    guard seen.contains(answer) else {
      throw RewardError(
        message: "the answer \"\(answer)\" is not among the options "
          + options.map(\.letter).joined(separator: ", "))
    }
    self.options = options
    self.answer = answer
    self.conclusions = conclusions
  }
}

/// The true boxes in original pixels and the factors that bring a reply's coordinates there.
public struct BoxTarget: Sendable, Equatable {
  /// At least one.
  public let boxes: [PixelBox]
  /// Original pixels per pixel of the picture as the model saw it.
  public let scaleX, scaleY: Double

  /// - Throws: ``RewardError`` when there is no box, one has no area or a scale is not positive.
  public init(boxes: [PixelBox], scaleX: Double = 1, scaleY: Double = 1) throws(RewardError) {
    guard !boxes.isEmpty else { throw RewardError(message: "there is no true box to score against") }
    if let box = boxes.first(where: { !($0.area > 0 && $0.area.isFinite) }) {
      throw RewardError(message: "the true box \(box) has no area; x1 < x2 and y1 < y2 are needed")
    }
    guard scaleX > 0, scaleY > 0, scaleX.isFinite, scaleY.isFinite else {
      throw RewardError(message: "scale [\(scaleX), \(scaleY)] must be two positive numbers")
    }
    self.boxes = boxes
    self.scaleX = scaleX
    self.scaleY = scaleY
  }
}

/// One named summand of a reward.
public struct RewardPart: Sendable, Equatable {
  public let name: String
  public let value: Double

  public init(_ name: String, _ value: Double) {
    self.name = name
    self.value = value
  }
}

/// A reply's reward and what it was given for.
public struct RewardOutcome: Sendable, Equatable {
  /// The sum of the parts.
  public let reward: Double
  public let parts: [RewardPart]
  /// The letter the reasoning concludes on.
  public let conclusion: String?
  /// The letter in the answer.
  public let letter: String?
  /// The cell of ROAM's table, for rewards that use it.
  public let cell: ROAMCell?

  public init(
    parts: [RewardPart], conclusion: String? = nil, letter: String? = nil, cell: ROAMCell? = nil
  ) {
    self.reward = parts.reduce(0) { $0 + $1.value }
    self.parts = parts
    self.conclusion = conclusion
    self.letter = letter
    self.cell = cell
  }
}

/// A verifiable reward: a pure function of a reply and what is true.
public protocol Reward: Sendable {
  /// The name in job files, on the command line and in reports.
  var name: String { get }
  /// The most a reply can earn.
  var highest: Double { get }

  /// - Throws: ``RewardError`` when the target is of the wrong kind; never because of the reply.
  func score(reply: String, target: RewardTarget) throws(RewardError) -> RewardOutcome
}

/// A target or a name that no reward can be computed for.
public struct RewardError: Error, CustomStringConvertible, Equatable {
  public let message: String
  public var description: String { message }

  public init(message: String) { self.message = message }

  static func wrongTarget(_ reward: String, needs kind: String) -> RewardError {
    RewardError(message: "reward \(reward) needs \(kind) to score against")
  }
}
