/// How questions are put to a model and its replies read. An accuracy means nothing without the name of its
/// protocol, so every report carries it.
public enum PromptProtocol: String, Sendable, CaseIterable, Codable {
  /// The published MMAD evaluation: direct letters, k reference pictures, numbered images.
  case mmad
  /// The paper's section 3.4 template in a chat turn, with one reference picture where there is one.
  case paper
  /// The evaluation in the paper's released code: zero-shot, no reference and no chat template.
  case paperReleased = "paper-released"
  /// The training in the paper's released code: its wording of the paper's template, no reference.
  case paperReleasedTraining = "paper-released-training"

  /// The protocol of a name on a command line or in a job file.
  public static func named(_ name: String) throws(PromptError) -> PromptProtocol {
    guard let result = PromptProtocol(rawValue: name) else {
      throw PromptError(
        message: "unknown prompt protocol \"\(name)\"; known are "
          + allCases.map(\.rawValue).joined(separator: ", "))
    }
    return result
  }

  /// Reference pictures shown unless the settings say otherwise.
  public var defaultReferenceCount: Int {
    switch self {
    case .mmad, .paper: 1
    case .paperReleased, .paperReleasedTraining: 0
    }
  }

  /// What stands behind a question in a chat turn, where a protocol has such a text.
  var template: String? {
    switch self {
    case .paper: PaperPrompt.template
    case .paperReleasedTraining: PaperReleasedPrompt.trainingTemplate
    case .mmad, .paperReleased: nil
    }
  }

  /// Whether replies reason in `<think>` and answer in `<answer>` tags.
  public var reasons: Bool { self != .mmad }

  /// The prompt of one question about a sample.
  ///
  /// Fewer references than asked for are shown where the sample has fewer.
  /// - Throws: ``PromptError`` when the settings contradict the protocol.
  public func prompt(
    for question: InspectionQuestion, of sample: InspectionSample, settings: PromptSettings = PromptSettings()
  ) throws(PromptError) -> InspectionPrompt {
    let wanted = settings.references ?? defaultReferenceCount
    guard wanted >= 0 else {
      throw PromptError(message: "\(wanted) reference images asked for; the number cannot be negative")
    }
    if let limit = settings.maxNewTokens, limit < 1 {
      throw PromptError(message: "max new tokens is \(limit); at least 1 is needed")
    }
    let available = settings.referenceSource == .random ? sample.randomTemplates : sample.similarTemplates
    let references = Array(available.prefix(wanted))
    var prompt: InspectionPrompt
    switch self {
    case .mmad:
      prompt = MMADPrompt.make(
        question: question, image: sample.imagePath, references: references,
        domainKnowledge: settings.domainKnowledge)
    case .paper:
      guard wanted <= 1 else {
        throw PromptError(
          message: "protocol paper shows at most one reference image, \(wanted) asked for; use protocol mmad")
      }
      prompt = PaperPrompt.make(question: question, image: sample.imagePath, reference: references.first)
    case .paperReleased, .paperReleasedTraining:
      guard wanted == 0 else {
        throw PromptError(
          message: "protocol \(rawValue) is zero-shot, \(wanted) reference images asked for; "
            + "use protocol paper or mmad")
      }
      prompt =
        self == .paperReleased
        ? PaperReleasedPrompt.evaluating(question: question, image: sample.imagePath)
        : PaperReleasedPrompt.training(question: question, image: sample.imagePath)
    }
    if self != .mmad, settings.domainKnowledge != nil {
      throw PromptError(message: "protocol \(rawValue) has no place for domain knowledge; use protocol mmad")
    }
    if let limit = settings.maxNewTokens { prompt.maxNewTokens = limit }
    prompt.answerLetters = question.options.map(\.letter)
    return prompt
  }

  /// Reads a reply the way this protocol's evaluation does.
  public func reading(of reply: String, to question: InspectionQuestion) -> AnswerReading {
    switch self {
    case .mmad: AnswerReading.direct(reply, options: question.options)
    case .paper, .paperReleasedTraining: AnswerReading.reasoned(reply, to: question)
    case .paperReleased: AnswerReading.releasedEvaluation(reply, to: question)
    }
  }
}

/// What may be chosen about a protocol's prompts.
public struct PromptSettings: Sendable, Equatable {
  /// The list of reference pictures a sample brings that is used.
  public enum ReferenceSource: String, Sendable, Codable {
    case random
    /// The paper's Table 3: references retrieved by similarity.
    case similar
  }

  /// Number of reference pictures; `nil` is the protocol's own.
  public var references: Int?
  public var referenceSource: ReferenceSource
  /// Text about the product and its defects, for protocol `mmad`.
  public var domainKnowledge: String?
  /// `nil` is the protocol's own limit.
  public var maxNewTokens: Int?

  public init(
    references: Int? = nil, referenceSource: ReferenceSource = .random, domainKnowledge: String? = nil,
    maxNewTokens: Int? = nil
  ) {
    self.references = references
    self.referenceSource = referenceSource
    self.domainKnowledge = domainKnowledge
    self.maxNewTokens = maxNewTokens
  }
}

/// A prompt that cannot be built as asked.
public struct PromptError: Error, CustomStringConvertible, Equatable {
  public let message: String
  public var description: String { message }
}
