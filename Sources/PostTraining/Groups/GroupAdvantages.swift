/// How rewards of one group become advantages: Â_i = (r_i − mean(r)) / (std(r) + ε) (section 3.2 of the paper).
public struct AdvantageNormalisation: Sendable, Codable, Equatable {
  /// Added to the standard deviation. The paper's code has 1e-4.
  public var epsilon: Double
  /// Delta degrees of freedom of the standard deviation: 1 in the paper's code (torch's default), 0 for the population.
  public var ddof: Int
  /// Divide by the standard deviation; without it the advantages are Dr. GRPO's.
  public var normalise: Bool

  public init(epsilon: Double = 1e-4, ddof: Int = 1, normalise: Bool = true) {
    self.epsilon = epsilon
    self.ddof = ddof
    self.normalise = normalise
  }
}

/// The advantages of one group's answers.
public struct GroupAdvantages: Sendable, Equatable {
  public let values: [Double]
  public let mean: Double
  public let standardDeviation: Double

  /// A group whose rewards are all equal teaches nothing beyond the KL term.
  public var hasNoVariance: Bool { standardDeviation == 0 }

  public init(rewards: [Double], settings: AdvantageNormalisation) {
    let count = Double(rewards.count)
    let mean = rewards.isEmpty ? 0 : rewards.reduce(0, +) / count
    // Equal rewards must give exactly zero, which the rounding of the mean may not.
    let allEqual = rewards.allSatisfy { $0 == rewards[0] }
    let squares = rewards.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    let freedom = count - Double(settings.ddof)
    let deviation = allEqual || freedom <= 0 ? 0 : (squares / freedom).squareRoot()
    self.mean = mean
    standardDeviation = deviation
    values = rewards.map { reward in
      if allEqual { return 0 }
      return settings.normalise ? (reward - mean) / (deviation + settings.epsilon) : reward - mean
    }
  }
}
