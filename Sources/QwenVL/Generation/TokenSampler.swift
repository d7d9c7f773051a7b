import Tensors

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Draws tokens from rows of logits.
package struct TokenSampler {
  package struct Draw {
    package let id: Int
    /// Of the policy: the distribution of the logits as they are.
    package let logProbability: Float
    /// Of the distribution it was drawn from; 0 for the greedy choice.
    package let drawnLogProbability: Float
    /// log Σ exp(logit), of which a logit is that much short of its log-probability.
    package let logSum: Double
  }

  private let temperature: Float
  /// 1 / T; finite, so that the likeliest keeps its weight however small T is.
  private let inverse: Float
  private let shaping: LogitShaping
  private var weights: [Float]

  package init(vocabulary: Int, temperature: Float, shaping: LogitShaping = .none) {
    self.temperature = temperature
    inverse = min(1 / temperature, .greatestFiniteMagnitude)
    self.shaping = shaping
    weights = [Float](repeating: 0, count: vocabulary)
  }

  /// - Parameters:
  ///   - uniform: the random number that decides, in [0, 1); the greedy choice does without.
  ///   - occurred: the tokens a repetition penalty applies to.
  package mutating func draw(
    _ logits: UnsafeBufferPointer<Float>, at uniform: Double, occurred: Set<Int> = []
  ) throws -> Draw {
    var (greedy, highest) = LogitScan.highest(logits)
    let sum =
      temperature == 1 && shaping == .none
      ? exponentials(logits, highest: highest, scale: 1) : LogitScan.sumOfExponentials(logits, minus: highest)
    guard highest.isFinite, sum.isFinite, sum > 0 else {
      throw ModelError.invalid("the model's logits are not finite numbers")
    }
    let logSum = Double(highest) + log(sum)
    func drawn(_ id: Int, _ logProbability: Double) -> Draw {
      Draw(
        id: id, logProbability: Float(Double(logits[id]) - logSum),
        drawnLogProbability: Float(logProbability),
        logSum: logSum)
    }
    if shaping == .none {
      if temperature == 0 { return drawn(greedy, 0) }
      let total = temperature == 1 ? sum : exponentials(logits, highest: highest, scale: inverse)
      let id = Self.pick(weights, at: uniform * total, otherwise: greedy)
      return drawn(id, log(Double(weights[id]) / total))
    }
    let shaping = shaping
    var shaped = Array(logits)
    shaped.withUnsafeMutableBufferPointer { shaping.penalize($0, occurred: occurred) }
    return shaped.withUnsafeBufferPointer { shaped in
      (greedy, highest) = LogitScan.highest(shaped)
      if temperature == 0 { return drawn(greedy, 0) }
      var total = exponentials(shaped, highest: highest, scale: inverse)
      total = weights.withUnsafeMutableBufferPointer { shaping.truncate($0, total: total) }
      let id = Self.pick(weights, at: uniform * total, otherwise: greedy)
      return drawn(id, log(Double(weights[id]) / total))
    }
  }

  /// Fills `weights` with exp((logit − highest) · scale); their sum.
  private mutating func exponentials(
    _ logits: UnsafeBufferPointer<Float>, highest: Float, scale: Float
  ) -> Double {
    weights.withUnsafeMutableBufferPointer {
      LogitScan.sumOfExponentials(logits, minus: highest, scale: scale, keeping: $0)
    }
  }

  /// The first token at which the running sum exceeds `level`.
  private static func pick(_ weights: [Float], at level: Double, otherwise greedy: Int) -> Int {
    var sum = 0.0
    var id = greedy
    weights.withUnsafeBufferPointer { weights in
      for candidate in weights.indices {
        sum += Double(weights[candidate])
        if sum > level {
          id = candidate
          break
        }
      }
    }
    return id
  }
}
