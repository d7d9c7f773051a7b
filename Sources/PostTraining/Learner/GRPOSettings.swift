/// The settings of a learner.
public struct GRPOSettings: Sendable, Equatable {
  public var objective: GRPOObjective
  public var advantage: AdvantageNormalisation
  public var optimizer: AdamWSettings
  public var schedule: LearningRateSchedule
  /// The gradient is scaled down to this norm; 0 leaves it.
  public var maximumGradientNorm: Double
  /// Prompts that go through the network in one pass. It bounds memory and does not change the result
  /// (except under the reduction `bnpo`, whose name it is to divide by the tokens of each pass).
  public var promptsPerPass: Int
  /// Updates of the policy from the same answers (μ of DeepSeekMath's algorithm; 1 in the paper's code). From the
  /// second on π_old of equation 1 is no longer the policy itself, and equation 4 has something to clip.
  public var innerIterations: Int
  /// Groups whose rewards' standard deviation is not above this are left out of the step: 0 leaves out those
  /// whose answers all earned the same, which teach nothing but the KL term. Absent: all are kept. A bound on
  /// the deviation serves graded rewards too, for which "all right or all wrong" says little.
  public var minimumRewardDeviation: Double?
  /// Compute each layer a second time for the backward pass instead of keeping what happens inside it: less
  /// memory for about a third more time in the policy's pass, and the same result bit by bit.
  public var recomputesLayers: Bool
  /// The highest reward an answer can earn; groups that all reach it are counted.
  public var bestReward: Double

  public init(
    objective: GRPOObjective, advantage: AdvantageNormalisation = AdvantageNormalisation(),
    optimizer: AdamWSettings = AdamWSettings(), schedule: LearningRateSchedule,
    maximumGradientNorm: Double = 1, promptsPerPass: Int = 1, innerIterations: Int = 1,
    minimumRewardDeviation: Double? = nil,
    recomputesLayers: Bool = false, bestReward: Double = 1
  ) {
    self.innerIterations = innerIterations
    self.minimumRewardDeviation = minimumRewardDeviation
    self.recomputesLayers = recomputesLayers
    self.objective = objective
    self.advantage = advantage
    self.optimizer = optimizer
    self.schedule = schedule
    self.maximumGradientNorm = maximumGradientNorm
    self.promptsPerPass = promptsPerPass
    self.bestReward = bestReward
  }

  /// Refuses settings no step can be taken with.
  public func validate() throws {
    try objective.validate()
    try advantage.validate()
    try optimizer.validate()
    try schedule.validate()
    guard maximumGradientNorm.isFinite, maximumGradientNorm >= 0 else {
      throw TrainingError("the largest gradient norm is \(maximumGradientNorm); it has to be 0 or positive")
    }
    guard minimumRewardDeviation.map({ $0.isFinite && $0 >= 0 }) ?? true else {
      throw TrainingError(
        "the smallest deviation of a group's rewards is \(minimumRewardDeviation ?? 0); it has to be 0 or positive"
      )
    }
    guard innerIterations >= 1 else {
      throw TrainingError("\(innerIterations) inner iterations make no step; it takes at least 1")
    }
    guard promptsPerPass >= 1 else {
      throw TrainingError("\(promptsPerPass) prompts per pass make no pass; it takes at least 1")
    }
  }
}
