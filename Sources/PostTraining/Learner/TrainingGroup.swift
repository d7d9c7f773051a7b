public import QwenVL

/// One prompt with its sampled answers and their rewards: what a rollout worker commits and a learner consumes.
public struct TrainingGroup: Sendable {
  /// Position in the run's prompt stream.
  public let ordinal: Int
  public let prompt: Prompt
  /// Token ids of the G answers.
  public let completions: [[Int]]
  /// log π of every answer token as the sampler computed it, at temperature 1.
  public let samplerLogProbabilities: [[Float]]
  /// One reward per answer.
  public let rewards: [Double]

  public init(
    ordinal: Int, prompt: Prompt, completions: [[Int]], samplerLogProbabilities: [[Float]], rewards: [Double]
  ) {
    self.ordinal = ordinal
    self.prompt = prompt
    self.completions = completions
    self.samplerLogProbabilities = samplerLogProbabilities
    self.rewards = rewards
  }
}
