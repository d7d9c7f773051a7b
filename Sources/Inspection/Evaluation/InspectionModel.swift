/// What a model says to one prompt.
public struct InspectionReply: Sendable, Equatable {
  /// The generated text without special tokens.
  public var text: String
  /// Generated tokens, the one that ended the reply included.
  public var tokenCount: Int
  /// Whether the reply was cut at the limit of new tokens.
  public var truncated: Bool
  /// Log-probabilities of the prompt's ``InspectionPrompt/answerLetters``, in their order, at the position of
  /// the answer's letter (natural logarithm, temperature 1); `nil` where the model does not say or the reply
  /// has no answer.
  public var answerLogProbabilities: [Double]?

  public init(
    text: String, tokenCount: Int = 0, truncated: Bool = false, answerLogProbabilities: [Double]? = nil
  ) {
    self.text = text
    self.tokenCount = tokenCount
    self.truncated = truncated
    self.answerLogProbabilities = answerLogProbabilities
  }
}

/// All that the domain knows of a model: prompts go in, replies come out, one per prompt and in their order.
public protocol InspectionModel {
  /// Asks all prompts; a model is free to batch them.
  ///
  /// - Throws: whatever the model reports, a picture that cannot be read included.
  mutating func replies(to prompts: [InspectionPrompt]) throws -> [InspectionReply]
}
