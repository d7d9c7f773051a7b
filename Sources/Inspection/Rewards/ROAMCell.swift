/// The cells of the Reasoned Outcome Alignment Metric (paper, sections 3.3 and 4.5): t is the letter the
/// reasoning concludes on, a the letter in the answer, s the truth.
///
/// A cell's value is the sum Φ + Ψ of equation 7, for which alone the paper gives tiers; which pair of letters falls
/// into which cell is settled by its released code.
public enum ROAMCell: String, Sendable, CaseIterable, Codable {
  /// Not `<think>…</think>`, white space, `<answer>…</answer>`.
  case unformatted
  /// Neither t nor a.
  case nothing
  /// No t, a = s: a correct answer alone.
  case rightAnswerAlone = "right-answer-alone"
  /// No t, a ≠ s: both parts present, regardless of correctness.
  case wrongAnswerAlone = "wrong-answer-alone"
  /// t = a = s: the reasoning derives the correct answer.
  case derived
  /// t = a ≠ s: consistent.
  case consistentlyWrong = "consistently-wrong"
  /// t ≠ s, a ≠ s and t ≠ a, or no a at all: inconsistent.
  case inconsistentlyWrong = "inconsistently-wrong"
  /// t ≠ s, a = s: a guess the reasoning contradicts.
  case answerAgainstReasoning = "answer-against-reasoning"
  /// t = s, a ≠ s or no a.
  case reasoningAgainstAnswer = "reasoning-against-answer"

  /// The cell of a formatted reply.
  public init(conclusion: String?, letter: String?, truth: String) {
    switch (conclusion, letter) {
    case (nil, nil): self = .nothing
    case (nil, let letter?): self = letter == truth ? .rightAnswerAlone : .wrongAnswerAlone
    case (let conclusion?, let letter):
      if conclusion == truth {
        self = letter == truth ? .derived : .reasoningAgainstAnswer
      } else if letter == truth {
        self = .answerAgainstReasoning
      } else {
        self = conclusion == letter ? .consistentlyWrong : .inconsistentlyWrong
      }
    }
  }

  /// The reward of the cell, 0 to 1.
  public var value: Double {
    switch self {
    case .derived: 1.0
    case .rightAnswerAlone: 0.8
    case .consistentlyWrong: 0.1
    case .wrongAnswerAlone: 0.05
    case .unformatted, .nothing, .inconsistentlyWrong, .answerAgainstReasoning, .reasoningAgainstAnswer: 0
    }
  }
}
