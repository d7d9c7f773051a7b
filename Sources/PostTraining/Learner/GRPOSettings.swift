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
  /// The highest reward an answer can earn; groups that all reach it are counted.
  public var bestReward: Double

  public init(
    objective: GRPOObjective, advantage: AdvantageNormalisation = AdvantageNormalisation(),
    optimizer: AdamWSettings = AdamWSettings(), schedule: LearningRateSchedule,
    maximumGradientNorm: Double = 1, promptsPerPass: Int = 1, bestReward: Double = 1
  ) {
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
    guard promptsPerPass >= 1 else {
      throw TrainingError("\(promptsPerPass) prompts per pass make no pass; it takes at least 1")
    }
  }
}
