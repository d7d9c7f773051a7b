internal import Inspection
internal import JobModel
internal import PostTraining
internal import QwenVL

/// A step of supervised fine-tuning on the prompts of the stream.
final class ReplyStudy: Study {
  private let settings: TrainSettings
  private let crew: LearnerCrew
  private let source: PromptSource
  private let stopTokenIDs: [Int]
  private let prompts: any PromptSet
  let stream: PromptStream
  private let trainer: SupervisedTrainer
  var learner: any PolicyLearner { trainer }

  init(_ settings: TrainSettings, policy: LoadedModel, crew: LearnerCrew) throws {
    self.settings = settings
    self.crew = crew
    source = policy.prompts
    stopTokenIDs = policy.stopTokenIDs
    let prompts = try asUserError { try PromptSets.open(settings) }
    self.prompts = prompts
    stream = PromptStream(
      strata: (0..<prompts.count).map { prompts.stratum(of: $0) }, seed: UInt64(settings.seed))
    let grpo = settings.learner
    trainer = try asUserError {
      try SupervisedTrainer(
        policy: policy.model, optimizer: grpo.optimizer, schedule: grpo.schedule,
        maximumGradientNorm: grpo.maximumGradientNorm, examplesPerPass: grpo.promptsPerPass,
        recomputesLayers: grpo.recomputesLayers, remembersPictures: true, collective: crew.collective)
    }
  }

  /// Takes the step of a number; the other ranks, if there are any, are told to take it too.
  ///
  /// - Returns: metrics by name.
  func learn(step: Int) throws -> [String: Double] {
    let examples = try examples(ofStep: step)
    let rate = trainer.schedule.rate(step: trainer.stepCount)
    try crew.tell(.replies(step: step))
    let (loss, norm) = try asUserError { try trainer.step(examples) }
    let tokens = examples.reduce(0.0) { $0 + Double($1.reply.count) }
    return [
      "loss": loss, "gradient_norm": norm, "learning_rate": rate, "tokens": tokens,
      "completion/length_mean": tokens / Double(max(1, examples.count)),
    ]
  }

  /// The same as one of the others: what goes wrong in the step itself, rank 0 reports.
  func follow(step: Int) throws {
    let examples = try examples(ofStep: step)
    _ = try? trainer.step(examples)
  }

  private func examples(ofStep step: Int) throws -> [SupervisedExample] {
    let first = (step - 1) * settings.promptsPerStep
    return try asUserError {
      try stream.indices(of: first..<first + settings.promptsPerStep).map { index in
        let prompt = try source.encode(try prompts.prompt(of: index))
        let text = try prompts.reply(of: index, scale: prompt.pictureScale)
        return SupervisedExample(
          prompt: prompt, reply: source.tokenizer.encode(text) + stopTokenIDs.prefix(1))
      }
    }
  }
}
