public import Tensors

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Why a loss could not be computed.
public struct ObjectiveError: Error, Sendable, CustomStringConvertible {
  public let description: String

  init(_ description: String) {
    self.description = description
  }
}

extension GRPOObjective {
  /// Refuses settings under which equation 4 or the reduction make no sense.
  public func validate() throws {
    guard epsilonLow.isFinite, epsilonHigh.isFinite, (0..<1).contains(epsilonLow), epsilonHigh >= 0 else {
      throw ObjectiveError(
        "the clip bounds 1 - \(epsilonLow) and 1 + \(epsilonHigh) need 0 <= epsilon_low < 1 and epsilon_high >= 0"
      )
    }
    guard beta.isFinite, beta >= 0 else {
      throw ObjectiveError("beta is \(beta); it has to be 0 or positive")
    }
    guard maxLength >= 1 else { throw ObjectiveError("max_length is \(maxLength); it has to be at least 1") }
  }

  /// The loss of these answers, a scalar that carries the history of their log-probabilities.
  ///
  /// The answers may belong to several prompts. When one optimizer step accumulates several calls, `extent`
  /// is the size of all of them together: the sum of the losses, and so of the gradients, is then the same
  /// however the answers were split (except under `bnpo`, which divides by the tokens of each call).
  ///
  /// - Throws: `ObjectiveError` when there is no token, or lengths or numbers are unusable.
  public func loss(of answers: [Answer], extent: BatchExtent? = nil) throws -> (
    loss: Tensor, metrics: Metrics
  ) {
    try loss(
      current: concatenated(answers.map(\.current)),
      answers: answers.map {
        PackedAnswer(count: $0.current.count, old: $0.old, reference: $0.reference, advantage: $0.advantage)
      }, extent: extent)
  }

  /// One answer whose log-probabilities lie in a packed tensor.
  public struct PackedAnswer: Sendable {
    /// Its tokens.
    public let count: Int
    public let old: [Float]?
    public let reference: [Float]?
    public let advantage: Float

    public init(count: Int, old: [Float]?, reference: [Float]?, advantage: Float) {
      self.count = count
      self.old = old
      self.reference = reference
      self.advantage = advantage
    }
  }

  /// The same for log-probabilities that lie one answer after another in `current`, [Σ|o_i|].
  public func loss(
    current: Tensor, answers: [PackedAnswer], extent: BatchExtent? = nil
  ) throws -> (loss: Tensor, metrics: Metrics) {
    try validate()
    let count = answers.reduce(0) { $0 + $1.count }
    guard count > 0 else { throw ObjectiveError("there is no answer with a token to learn from") }
    guard current.count == count else {
      throw ObjectiveError("\(current.count) log-probabilities were given for answers of \(count) tokens")
    }
    let now = current.values
    let old = try constants("old", of: answers, current: now) { $0.old }
    let reference = try constants("reference", of: answers, current: now) { $0.reference }
    let advantages = answers.flatMap { [Float](repeating: $0.advantage, count: $0.count) }
    let weights = tokenWeights(answers.map(\.count), extent: extent)
    guard advantages.allSatisfy(\.isFinite) else {
      throw ObjectiveError("an advantage is not a finite number")
    }

    let shape = current.shape
    let advantage = Tensor(advantages, shape: shape)
    let ratio = exp(subtract(current, Tensor(old, shape: shape)))
    let clipped = clamp(ratio, lower: 1 - epsilonLow, upper: 1 + epsilonHigh)
    let gain = minimum(multiply(ratio, advantage), multiply(clipped, advantage))
    // weightedSum is linear, so the sign of the gain and the weight of the penalty go into its weights, and
    // the constant −1 of every k3 term is added at the end.
    var loss = weightedSum(gain, weights: weights.map { -$0 })
    if beta > 0 {
      let difference = subtract(Tensor(reference, shape: shape), current)
      // exp(d) − d loses the small values that matter near the reference only in the printed loss; the
      // gradient, 1 − exp(d), is exact.
      let divergence = subtract(exp(difference), difference)
      let scaled = weights.map { $0 * beta }
      let constant = scaled.reduce(0) { $0 + Double($1) }
      loss = add(
        add(loss, weightedSum(divergence, weights: scaled)), Tensor([-Float(constant)], shape: loss.shape))
    }
    return (loss, metrics(ratio.values, current: now, reference: reference, advantages: advantages))
  }

  /// w_i of every token.
  private func tokenWeights(_ lengths: [Int], extent: BatchExtent?) -> [Float] {
    let tokens = lengths.reduce(0, +)
    let answersOfBatch = Double(extent?.answers ?? lengths.count)
    let tokensOfBatch = Double(extent?.tokens ?? tokens)
    return lengths.flatMap { length in
      let divisor =
        switch reduction {
        case .grpo: answersOfBatch * Double(length)
        case .dapo: tokensOfBatch
        case .bnpo: Double(tokens)
        case .drGRPO: answersOfBatch * Double(maxLength)
        }
      return [Float](repeating: Float(1 / divisor), count: length)
    }
  }

  private func constants(
    _ name: String, of answers: [PackedAnswer], current: [Float], _ given: (PackedAnswer) -> [Float]?
  ) throws -> [Float] {
    var values = current
    var start = 0
    for (index, answer) in answers.enumerated() {
      if let replacement = given(answer) {
        guard replacement.count == answer.count else {
          throw ObjectiveError(
            "answer \(index) has \(answer.count) tokens but \(replacement.count) \(name) log-probabilities")
        }
        guard replacement.allSatisfy(\.isFinite) else {
          throw ObjectiveError("answer \(index) has \(name) log-probabilities that are not finite numbers")
        }
        values.replaceSubrange(start..<start + answer.count, with: replacement)
      }
      start += answer.count
    }
    return values
  }

  private func metrics(
    _ ratios: [Float], current: [Float], reference: [Float], advantages: [Float]
  ) -> Metrics {
    var metrics = Metrics()
    metrics.ratios = ratios
    metrics.divergences = zip(reference, current).map { k3($0 - $1) }
    for (ratio, advantage) in zip(ratios, advantages) {
      if advantage < 0, ratio < 1 - epsilonLow { metrics.clippedLow += 1 }
      if advantage > 0, ratio > 1 + epsilonHigh { metrics.clippedHigh += 1 }
    }
    return metrics
  }

  /// exp(d) − d − 1 in double precision: near the reference it is d²/2, far below a Float's resolution at 1.
  private func k3(_ difference: Float) -> Float {
    let d = Double(difference)
    if abs(d) < 1e-3 { return Float(d * d * (0.5 + d * (1.0 / 6 + d / 24))) }
    return Float(exp(d) - d - 1)
  }
}
