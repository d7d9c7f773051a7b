internal import JobModel
internal import PostTraining
internal import WorkerRuntime

/// Supervised fine-tuning: imitates the true replies to the prompts of the stream. Nothing is sampled, so nobody waits
/// for a version, and a step is a pure function of (seed, step).
final class ReplyLearning: LearningMethod {
  private let study: ReplyStudy
  let publishesEveryStep = false
  var learner: any PolicyLearner { study.learner }

  init(_ settings: TrainSettings, policy: LoadedModel, crew: LearnerCrew, context: TaskContext) throws {
    study = try ReplyStudy(settings, policy: policy, crew: crew)
    context.log("\(settings.promptsPerStep) replies a step to imitate, of \(study.stream.count)")
  }

  func step(from policy: PolicyVersion?) async throws -> TakenStep {
    let clock = ContinuousClock()
    let start = clock.now
    var metrics = try study.learn(step: learner.stepCount + 1)
    metrics["seconds/learn"] = start.duration(to: clock.now) / .seconds(1)
    return TakenStep(ordinals: [], metrics: metrics)
  }

  func replay(_ record: StepRecord) async throws { _ = try study.learn(step: record.step) }
}
