/// How completions are drawn from the policy.
public struct SamplingOptions: Sendable {
  /// The longest completion in tokens, the stop token included; at least 1.
  public var maxNewTokens: Int
  /// 0 takes the likeliest token (the lowest id of equals); above, tokens are drawn from softmax(logits / T).
  ///
  /// Nothing is cut off and nothing penalised, which would bias the policy ratio of equation 1: what does that
  /// is a ``LogitShaping``, which answers for training have no place for.
  public var temperature: Float
  /// Decides every draw, together with the indices of prompt and completion.
  public var seed: UInt64
  /// A completion ends with the first of these, which stays part of it.
  public var stopTokenIDs: [Int]
  /// Tokens whose log-probabilities are recorded at every step, whatever is drawn.
  public var watchedTokenIDs: [Int]

  public init(
    maxNewTokens: Int, temperature: Float = 0, seed: UInt64 = 0, stopTokenIDs: [Int],
    watchedTokenIDs: [Int] = []
  ) {
    self.maxNewTokens = maxNewTokens
    self.temperature = temperature
    self.seed = seed
    self.stopTokenIDs = stopTokenIDs
    self.watchedTokenIDs = watchedTokenIDs
  }

  func validate(vocabulary: Int) throws {
    guard maxNewTokens >= 1 else {
      throw ModelError.invalid("maxNewTokens is \(maxNewTokens); a completion needs at least 1 token")
    }
    guard temperature.isFinite, temperature >= 0 else {
      throw ModelError.invalid(
        "the temperature is \(temperature); it has to be 0 (greedy) or a positive number")
    }
    for id in watchedTokenIDs where !(0..<vocabulary).contains(id) {
      throw ModelError.invalid("watched token \(id) is outside the vocabulary of \(vocabulary)")
    }
  }
}
