/// What is done to the distribution of the next token before one is drawn, for readers of the text.
///
/// The steps are taken in the order of transformers: repetition penalty, temperature, top-k, top-p, min-p. What is
/// drawn then is not the policy's any more, so ``QwenModel/generate(prompts:completionsPerPrompt:seeds:options:onStep:)``,
/// which answers for training come from, has no place for it.
public struct LogitShaping: Sendable, Equatable {
  /// Only the likeliest k tokens, and what is as likely as the last of them.
  public var topK: Int?
  /// Only the likeliest tokens that together reach this probability; the likeliest of all in any case.
  public var topP: Float?
  /// Only tokens at least this many times as likely as the likeliest.
  public var minP: Float?
  /// The logits of tokens that occur in the prompt or the completion are divided by it where they are positive
  /// and multiplied where they are negative; 1 does nothing.
  public var repetitionPenalty: Float

  /// Leaves the distribution as it is.
  public static let none = LogitShaping()

  public init(topK: Int? = nil, topP: Float? = nil, minP: Float? = nil, repetitionPenalty: Float = 1) {
    self.topK = topK
    self.topP = topP
    self.minP = minP
    self.repetitionPenalty = repetitionPenalty
  }

  /// - Throws: `ModelError.invalid` for values outside of their ranges.
  public func validate() throws {
    if let topK, topK < 1 { throw ModelError.invalid("top-k is \(topK); it has to be at least 1") }
    if let topP, !(topP > 0 && topP <= 1) {
      throw ModelError.invalid("top-p is \(topP); it has to be above 0 and at most 1")
    }
    if let minP, !(minP >= 0 && minP <= 1) {
      throw ModelError.invalid("min-p is \(minP); it has to lie in 0 ... 1")
    }
    // Far from 1 it would make logits that are no numbers.
    guard (1e-3...1e3).contains(repetitionPenalty) else {
      throw ModelError.invalid(
        "the repetition penalty is \(repetitionPenalty); it has to lie in 0.001 ... 1000, and 1 does nothing")
    }
  }

  /// Changes the logits of tokens that occurred.
  func penalize(_ logits: UnsafeMutableBufferPointer<Float>, occurred: Set<Int>) {
    if repetitionPenalty == 1 { return }
    for id in occurred where logits.indices.contains(id) {
      logits[id] = logits[id] > 0 ? logits[id] / repetitionPenalty : logits[id] * repetitionPenalty
    }
  }

  /// Clears the weights of tokens that must not be drawn.
  ///
  /// - Parameters:
  ///   - weights: exp((logit − highest) / T) of every token, so that the likeliest has 1.
  ///   - total: their sum.
  /// - Returns: the sum of those left.
  func truncate(_ weights: UnsafeMutableBufferPointer<Float>, total: Double) -> Double {
    var left = total
    if let topK, topK < weights.count {
      left = Self.clear(weights, below: Self.largest(topK, of: weights))
    }
    if let topP, topP < 1 {
      left = Self.clear(weights, below: Self.nucleus(of: weights, mass: Double(topP) * left))
    }
    if let minP, minP > 0 { left = Self.clear(weights, below: minP) }
    return left
  }

  private static func clear(_ weights: UnsafeMutableBufferPointer<Float>, below limit: Float) -> Double {
    var left = 0.0
    for id in weights.indices {
      if weights[id] < limit { weights[id] = 0 } else { left += Double(weights[id]) }
    }
    return left
  }

  /// The k-th largest weight.
  private static func largest(_ k: Int, of weights: UnsafeMutableBufferPointer<Float>) -> Float {
    descending(weights) { $0.count >= k }[k - 1]
  }

  /// The smallest weight among the largest ones whose sum reaches `mass`.
  private static func nucleus(of weights: UnsafeMutableBufferPointer<Float>, mass: Double) -> Float {
    let ordered = descending(weights) { $0.reduce(0) { $0 + Double($1) } >= mass }
    var sum = 0.0
    for weight in ordered {
      sum += Double(weight)
      if sum >= mass { return weight }
    }
    return ordered.last ?? 0  // the sums differ by rounding
  }

  /// The largest weights in descending order, as many as `suffice`: a vocabulary is long, what matters of it is
  /// short.
  private static func descending(
    _ weights: UnsafeMutableBufferPointer<Float>, _ suffice: ([Float]) -> Bool
  ) -> [Float] {
    var limit: Float = 1e-2
    while limit > 1e-12 {
      let part = weights.filter { $0 >= limit }
      if suffice(part) { return part.sorted(by: >) }
      limit *= 1e-2
    }
    return weights.sorted(by: >)
  }
}
