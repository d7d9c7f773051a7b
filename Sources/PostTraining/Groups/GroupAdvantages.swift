/// How the rewards of one group become advantages: Â_i = (r_i − mean(r)) / (std(r) + ε), section 3.2 of the
/// paper.
public struct AdvantageNormalisation: Sendable, Codable, Equatable {
  /// Added to the standard deviation. The paper's code has 1e-4.
  public var epsilon: Double
  /// Delta degrees of freedom of the standard deviation: 1 in the paper's code (torch's default), 0 for the
  /// population.
  public var ddof: Int
  /// Divide by the standard deviation; without it the advantages are Dr. GRPO's.
  public var normalise: Bool

  public init(epsilon: Double = 1e-4, ddof: Int = 1, normalise: Bool = true) {
    self.epsilon = epsilon
    self.ddof = ddof
    self.normalise = normalise
  }

  /// Refuses settings that make no standard deviation.
  public func validate() throws {
    guard epsilon.isFinite, epsilon >= 0 else {
      throw TrainingError("the advantage's epsilon is \(epsilon); it has to be 0 or positive")
    }
    guard (0...1).contains(ddof) else {
      throw TrainingError("the advantage's ddof is \(ddof); it has to be 0 or 1")
    }
  }
}

/// The advantages of one group's answers.
public struct GroupAdvantages: Sendable, Equatable {
  /// One per answer.
  public let values: [Double]
  public let mean: Double
  public let standardDeviation: Double
  /// All rewards are equal: the group teaches nothing beyond the KL term.
  public let hasNoVariance: Bool

  /// - Parameter rewards: finite numbers, one per answer.
  public init(rewards: [Double], settings: AdvantageNormalisation) {
    // Equal rewards must give exactly zero, which the rounding of their mean may not.
    guard let first = rewards.first, rewards.contains(where: { $0 != first }) else {
      values = rewards.map { _ in 0 }
      mean = rewards.first ?? 0
      standardDeviation = 0
      hasNoVariance = true
      return
    }
    let count = Double(rewards.count)
    let mean = rewards.reduce(0, +) / count
    let squares = rewards.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    // Rewards that differ are at least two, so one degree of freedom is left.
    let deviation = (squares / (count - Double(settings.ddof))).squareRoot()
    self.mean = mean
    standardDeviation = deviation
    hasNoVariance = false
    values = rewards.map {
      settings.normalise ? ($0 - mean) / (deviation + settings.epsilon) : $0 - mean
    }
  }
}
