#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Weighs tokens whose sampler computed other probabilities than the learner's old policy, as happens when a
/// sampler works in another precision or on other weights: w = π_old^learner / π^sampler, a constant.
///
/// Without a correction the gradient is that of a policy nobody sampled from.
public struct MismatchCorrection: Sendable, Equatable {
  public enum Mode: String, Sendable, CaseIterable {
    /// w limited from above: truncated importance sampling. A bounded variance for some bias.
    case truncate
    /// w where it lies within the bounds, 0 elsewhere: what the learner finds too unlikely teaches nothing.
    case mask
  }

  public enum Level: String, Sendable, CaseIterable {
    /// The ratio of each token.
    case token
    /// The product of an answer's ratios, the same for all of its tokens.
    case sequence
  }

  public var mode: Mode
  public var level: Level
  /// The smallest weight `mask` lets pass.
  public var lower: Double
  /// The largest weight.
  public var upper: Double

  public init(mode: Mode = .truncate, level: Level = .token, lower: Double = 0, upper: Double = 2) {
    self.mode = mode
    self.level = level
    self.lower = lower
    self.upper = upper
  }

  /// Refuses bounds that no weight of 1 lies between.
  public func validate() throws {
    guard lower.isFinite, upper.isFinite, lower >= 0, lower <= 1, upper >= 1 else {
      throw ObjectiveError(
        "the mismatch weights' bounds are \(lower) and \(upper); they need 0 <= lower <= 1 <= upper")
    }
  }

  /// One weight per token of an answer.
  /// - Returns: the weights, and how many of them were limited or masked.
  func weights(learner: some Collection<Float>, sampler: [Float]) -> (values: [Double], limited: Int) {
    let differences = zip(learner, sampler).map { Double($0) - Double($1) }
    let ratios =
      switch level {
      case .token: differences.map { exp($0) }
      case .sequence:
        [Double](repeating: exp(differences.reduce(0, +)), count: differences.count)
      }
    let values = ratios.map { ratio in
      switch mode {
      case .truncate: min(ratio, upper)
      case .mask: (lower...upper).contains(ratio) ? ratio : 0
      }
    }
    return (values, zip(ratios, values).count { $0 != $1 })
  }
}
