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
    /// Of the untempered distribution.
    package let logProbability: Float
    /// log Σ exp(logit), of which a logit is that much short of its log-probability.
    package let logSum: Double
  }

  private let temperature: Float
  private var weights: [Float]

  package init(vocabulary: Int, temperature: Float) {
    self.temperature = temperature
    weights = [Float](repeating: 0, count: vocabulary)
  }

  /// - Parameter uniform: the random number that decides, in [0, 1); the greedy choice does without.
  package mutating func draw(_ logits: UnsafeBufferPointer<Float>, at uniform: Double) throws -> Draw {
    var highest = -Float.infinity
    var greedy = 0
    for (id, logit) in logits.enumerated() where logit > highest {
      highest = logit
      greedy = id
    }
    let sum = exponentials(logits, highest: highest, scale: 1)
    guard highest.isFinite, sum.isFinite, sum > 0 else {
      throw ModelError.invalid("the model's logits are not finite numbers; its weights are broken")
    }
    let logSum = Double(highest) + log(sum)
    var id = greedy
    if temperature > 0 {
      let total = temperature == 1 ? sum : exponentials(logits, highest: highest, scale: 1 / temperature)
      id = Self.pick(weights, at: uniform * total, otherwise: greedy)
    }
    return Draw(id: id, logProbability: Float(Double(logits[id]) - logSum), logSum: logSum)
  }

  /// Fills `weights` with exp((logit − highest) · scale); their sum.
  private mutating func exponentials(
    _ logits: UnsafeBufferPointer<Float>, highest: Float, scale: Float
  ) -> Double {
    weights.withUnsafeMutableBufferPointer { weights in
      var sum = 0.0
      for id in weights.indices {
        let weight = expf((logits[id] - highest) * scale)
        weights[id] = weight
        sum += Double(weight)
      }
      return sum
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
