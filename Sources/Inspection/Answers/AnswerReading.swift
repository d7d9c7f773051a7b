/// What a reply answers.
public struct AnswerReading: Sendable, Equatable {
  /// The letter answered; `nil` when the reply cannot be read.
  public let letter: String?
  /// The letter the reasoning concludes on, for replies that reason.
  public let conclusion: String?
  /// The reasoning, for replies that reason.
  public let think: String?

  public init(letter: String?, conclusion: String? = nil, think: String? = nil) {
    self.letter = letter
    self.conclusion = conclusion
    self.think = think
  }

  /// The rule of the published MMAD evaluation: of all letters A–E that stand alone, the last; with none, the
  /// option whose text is most similar to the reply, however little that is.
  ///
  /// A tie between texts goes to the one that sorts last, as Python's `get_close_matches` has it. A letter
  /// that stands alone counts even when no option carries it.
  public static func direct(_ reply: String, options: [AnswerOption]) -> AnswerReading {
    if let letter = lastStandaloneLetter(in: reply) { return AnswerReading(letter: letter) }
    let similarity = SequenceSimilarity(second: reply)
    var best: (ratio: Double, option: AnswerOption)?
    for option in options {
      let ratio = similarity.ratio(first: option.text)
      if let current = best,
        ratio < current.ratio || (ratio == current.ratio && !sortsAfter(option.text, current.option.text))
      {
        continue
      }
      best = (ratio, option)
    }
    return AnswerReading(letter: best?.option.letter)
  }

  /// Reads `<think>`/`<answer>` replies: the letter inside the last `<answer>`, and the conclusion of the last
  /// `<think>`. A reply without a closed `<answer>` is unreadable.
  public static func reasoned(_ reply: String, to question: InspectionQuestion) -> AnswerReading {
    let parsed = ReasonedReply(reply)
    let reader = ConclusionReader(question: question)
    return AnswerReading(
      letter: parsed.answer.flatMap { reader.answerLetter(in: $0) },
      conclusion: parsed.think.flatMap(reader.conclusion(of:)), think: parsed.think)
  }

  /// The reading of the paper's released evaluation: the first capital A–E anywhere in the answer, inside a
  /// word too, else the first option whose text the answer contains, ignoring case.
  public static func releasedEvaluation(_ reply: String, to question: InspectionQuestion) -> AnswerReading {
    let parsed = ReasonedReply(reply)
    let conclusion = parsed.think.flatMap(ConclusionReader(question: question).conclusion(of:))
    var letter: String?
    if let answer = parsed.answer, !answer.isEmpty {
      if let byte = answer.utf8.first(where: { (65...69).contains($0) }) {
        letter = String(UnicodeScalar(byte))
      } else {
        let lowered = Array(answer.lowercased().utf8)
        letter =
          question.options.first { contains(Array($0.text.lowercased().utf8), in: lowered) }?.letter
      }
    }
    return AnswerReading(letter: letter, conclusion: conclusion, think: parsed.think)
  }

  private static func contains(_ pattern: [UInt8], in bytes: [UInt8]) -> Bool {
    guard !pattern.isEmpty else { return true }
    return bytes.withUnsafeBufferPointer { ReplyBytes.first(pattern, in: $0, from: 0) != nil }
  }

  /// The last match of `\b([A-E])\b`, word characters as in Python.
  private static func lastStandaloneLetter(in reply: String) -> String? {
    var found: Unicode.Scalar?
    var candidate: Unicode.Scalar?
    var afterWord = false
    for scalar in reply.unicodeScalars {
      let isWord = PythonText.isWord(scalar)
      if let letter = candidate, !isWord { found = letter }
      candidate = !afterWord && (65...69).contains(scalar.value) ? scalar : nil
      afterWord = isWord
    }
    if let letter = candidate { found = letter }
    return found.map { String($0) }
  }

  /// Order by code points, as Python orders strings.
  private static func sortsAfter(_ left: String, _ right: String) -> Bool {
    right.unicodeScalars.lexicographicallyPrecedes(left.unicodeScalars)
  }
}
