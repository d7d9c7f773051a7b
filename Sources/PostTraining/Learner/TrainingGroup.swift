public import QwenVL

/// One prompt with its sampled answers and their rewards: what a rollout worker commits and a learner consumes.
public struct TrainingGroup: Sendable {
  /// Position in the run's prompt stream.
  public let ordinal: Int
  public let prompt: Prompt
  /// Token ids of the G answers, the stop token included where there was one.
  public let completions: [[Int]]
  /// log π of every answer token as the sampler computed it, at temperature 1.
  public let samplerLogProbabilities: [[Float]]
  /// One reward per answer.
  public let rewards: [Double]
  /// How many of the answers end at the limit of their length; the others end by themselves, the longest allowed too.
  public let truncated: Int
  /// Whether the policy that enters the step is the one that answered: then it is π_old itself. Otherwise
  /// (staleness above 0) the sampler's log-probabilities are those of π_old in equation 1, but under a
  /// ``MismatchCorrection``, which weighs answers by what lies between the sampler and the step.
  public let isOnPolicy: Bool

  public init(
    ordinal: Int, prompt: Prompt, completions: [[Int]], samplerLogProbabilities: [[Float]], rewards: [Double],
    truncated: Int = 0, isOnPolicy: Bool = true
  ) {
    self.truncated = truncated
    self.isOnPolicy = isOnPolicy
    self.ordinal = ordinal
    self.prompt = prompt
    self.completions = completions
    self.samplerLogProbabilities = samplerLogProbabilities
    self.rewards = rewards
  }

  /// Refuses a group whose parts do not belong together or hold unusable numbers.
  func validate() throws {
    let count = completions.count
    guard count > 0, rewards.count == count, samplerLogProbabilities.count == count else {
      throw TrainingError(
        "group \(ordinal) has \(count) answers, \(rewards.count) rewards and "
          + "\(samplerLogProbabilities.count) rows of log-probabilities")
    }
    for (index, ids) in completions.enumerated() {
      guard !ids.isEmpty, samplerLogProbabilities[index].count == ids.count else {
        throw TrainingError(
          "answer \(index) of group \(ordinal) has \(ids.count) tokens and "
            + "\(samplerLogProbabilities[index].count) log-probabilities")
      }
      guard samplerLogProbabilities[index].allSatisfy(\.isFinite) else {
        throw TrainingError("answer \(index) of group \(ordinal) has log-probabilities that are not finite")
      }
    }
    guard rewards.allSatisfy(\.isFinite) else {
      throw TrainingError("group \(ordinal) has a reward that is not a finite number")
    }
  }
}
