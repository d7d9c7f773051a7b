public import Tensors

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
    guard dualClip.map({ $0.isFinite && $0 > 1 }) ?? true else {
      throw ObjectiveError("the dual clip is \(dualClip ?? 0); it has to be above 1")
    }
    try mismatch?.validate()
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
        PackedAnswer(
          count: $0.current.count, old: $0.old, reference: $0.reference, sampler: $0.sampler,
          advantage: $0.advantage)
      }, extent: extent)
  }

  /// One answer whose log-probabilities lie in a packed tensor.
  public struct PackedAnswer: Sendable {
    /// Its tokens.
    public let count: Int
    public let old: [Float]?
    public let reference: [Float]?
    public let sampler: [Float]?
    public let advantage: Float

    public init(
      count: Int, old: [Float]?, reference: [Float]?, sampler: [Float]? = nil, advantage: Float
    ) {
      self.count = count
      self.old = old
      self.reference = reference
      self.sampler = sampler
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
    let old = try constants("old", of: answers, standard: now) { $0.old }
    let reference = try constants("reference", of: answers, standard: now) { $0.reference }
    let sampler = try constants("sampler", of: answers, standard: old) { $0.sampler }
    let lengths = answers.map(\.count)
    let advantages = answers.flatMap { [Float](repeating: $0.advantage, count: $0.count) }
    guard advantages.allSatisfy(\.isFinite) else {
      throw ObjectiveError("an advantage is not a finite number")
    }
    var metrics = Metrics()
    let weights = tokenWeights(lengths, extent: extent)
    let corrections = corrections(lengths, old: old, sampler: sampler, &metrics)

    let ratio = ratios(current, old: Tensor(old, shape: current.shape), lengths: lengths)
    let gain = gain(ratio, advantages: advantages)
    // weightedSum is linear, so the sign of the gain and the weight of the penalty go into its weights, and
    // the constant of every divergence term is added at the end.
    var loss = weightedSum(gain, weights: zip(weights, corrections).map { -$0 * $1 })
    if beta > 0 {
      let (varying, constant) = divergence.values(
        current: current, reference: Tensor(reference, shape: current.shape))
      let scaled = weights.map { $0 * beta }
      loss = add(loss, weightedSum(varying, weights: scaled))
      if constant != 0 {
        let sum = scaled.reduce(0) { $0 + Double($1) } * constant
        loss = add(loss, Tensor([Float(sum)], shape: loss.shape))
      }
    }
    metrics.ratios = ratio.values
    metrics.divergences = zip(reference, now).map { DivergenceEstimate.k3($0 - $1) }
    metrics.countClipped(advantages: advantages, by: self)
    return (loss, metrics)
  }

  /// ρ of every token (equation 1).
  private func ratios(_ current: Tensor, old: Tensor, lengths: [Int]) -> Tensor {
    let logarithm = subtract(current, old)
    switch ratioLevel {
    case .token: return exp(logarithm)
    case .sequence: return exp(segmentMeans(logarithm, lengths: lengths))
    }
  }

  /// M of every token (equation 4), bounded by the dual clip.
  private func gain(_ ratio: Tensor, advantages: [Float]) -> Tensor {
    let advantage = Tensor(advantages, shape: ratio.shape)
    let clipped = clamp(ratio, lower: 1 - epsilonLow, upper: 1 + epsilonHigh)
    let gain = minimum(multiply(ratio, advantage), multiply(clipped, advantage))
    guard let dualClip else { return gain }
    // max(M, c A) = −min(−M, −c A); where A ≥ 0 the bound is out of reach.
    let ceiling = advantages.map { $0 < 0 ? -dualClip * $0 : .greatestFiniteMagnitude }
    return scale(minimum(scale(gain, by: -1), Tensor(ceiling, shape: ratio.shape)), by: -1)
  }

  /// c_t of every token.
  private func corrections(
    _ lengths: [Int], old: [Float], sampler: [Float], _ metrics: inout Metrics
  ) -> [Float] {
    guard let mismatch else {
      metrics.weightSum = Double(old.count)
      return [Float](repeating: 1, count: old.count)
    }
    var weights: [Float] = []
    for length in lengths {
      let own = weights.count..<weights.count + length
      let (values, limited) = mismatch.weights(learner: old[own], sampler: Array(sampler[own]))
      weights += values.map { Float($0) }
      metrics.limitedWeights += limited
      metrics.weightSum += values.reduce(0, +)
    }
    return weights
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
    _ name: String, of answers: [PackedAnswer], standard: [Float], _ given: (PackedAnswer) -> [Float]?
  ) throws -> [Float] {
    var values = standard
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
}

extension GRPOObjective.Metrics {
  fileprivate mutating func countClipped(advantages: [Float], by objective: GRPOObjective) {
    for (ratio, advantage) in zip(ratios, advantages) {
      if advantage < 0, ratio < 1 - objective.epsilonLow { clippedLow += 1 }
      if advantage > 0, ratio > 1 + objective.epsilonHigh { clippedHigh += 1 }
      if advantage < 0, let bound = objective.dualClip, ratio > bound { clippedDual += 1 }
    }
  }
}
