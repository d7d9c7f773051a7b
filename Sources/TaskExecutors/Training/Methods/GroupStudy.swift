internal import Inspection
internal import JobModel
internal import PostTraining
internal import QwenVL

/// A GRPO step from groups of the ledger.
final class GroupStudy: Study {
  let sampler: GroupSampler
  private let crew: LearnerCrew
  private let prompts: PromptSource
  private let grpo: GRPOLearner
  var learner: any PolicyLearner { grpo }

  init(_ settings: TrainSettings, policy: LoadedModel, crew: LearnerCrew) throws {
    self.crew = crew
    prompts = policy.prompts
    sampler = try GroupSampler(train: settings)
    var learnerSettings = settings.learner
    learnerSettings.bestReward = sampler.reward.highest
    var reference: QwenModel?
    if settings.beta > 0 {
      // Under an adapter the model's own weights stay what they were.
      reference =
        settings.trainedPart == .lora
        ? policy.model.unadapted()
        : try LoadedModel(
          folder: settings.model, stamp: policy.stamp, form: settings.dtype.form, device: policy.model.device
        ).model
    }
    grpo = try asUserError {
      try GRPOLearner(
        policy: policy.model, reference: reference, settings: learnerSettings, collective: crew.collective)
    }
  }

  /// Whether the answers of a group differ enough to be learnt from.
  func teaches(_ group: RolloutGroup) -> Bool { grpo.teaches(rewards: group.completions.map(\.reward)) }

  /// Takes a step; the other ranks, if there are any, are told to take it too.
  func learn(_ ledger: [RolloutGroup]) throws -> (step: StepMetrics, replies: ReplyStatistics) {
    var statistics = ReplyStatistics()
    // What can be wrong with the data shows here, before others wait for this rank.
    let groups = try ledger.map { try group($0, counting: &statistics) }
    try crew.tell(.groups(ledger))
    return (try asUserError { try grpo.step(groups) }, statistics)
  }

  /// The same as one of the others: what goes wrong in the step itself, rank 0 reports.
  func follow(_ ledger: [RolloutGroup]) throws {
    var statistics = ReplyStatistics()
    let groups = try ledger.map { try group($0, counting: &statistics) }
    _ = try? grpo.step(groups)
  }

  private func group(
    _ group: RolloutGroup, counting statistics: inout ReplyStatistics
  ) throws -> TrainingGroup {
    let (prompt, target) = try sampler.prompt(of: group, with: prompts)
    for completion in group.completions {
      let reply = prompts.tokenizer.decode(completion.tokens)
      try asUserError { try statistics.add(reply, target: target) }
    }
    return TrainingGroup(
      ordinal: Int(group.ordinal), prompt: prompt, completions: group.completions.map(\.tokens),
      samplerLogProbabilities: group.completions.map(\.logProbabilities),
      rewards: group.completions.map(\.reward),
      truncated: group.completions.count { $0.finish == .length },
      isOnPolicy: group.behaviourVersion == grpo.stepCount)
  }
}
