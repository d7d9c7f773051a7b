internal import Inspection
internal import JobModel
internal import PostTraining
internal import WorkerRuntime

/// GRPO (section 3.2): asks rollout workers for groups of the policy's answers through the ledger and learns from them
/// in the order of the prompt stream.
final class GroupLearning: LearningMethod {
  private let settings: TrainSettings
  private let context: TaskContext
  private let study: GroupStudy
  let publishesEveryStep = true
  var learner: any PolicyLearner { study.learner }

  init(_ settings: TrainSettings, policy: LoadedModel, crew: LearnerCrew, context: TaskContext) throws {
    self.settings = settings
    self.context = context
    study = try GroupStudy(settings, policy: policy, crew: crew)
    context.log(
      "\(settings.promptsPerStep) prompts × \(settings.groupSize) answers a step from "
        + "\(study.sampler.stream.count) questions, reward \(settings.reward)")
  }

  func step(from policy: PolicyVersion?) async throws -> TakenStep {
    let version = learner.stepCount
    let perStep = settings.promptsPerStep
    try await open(through: min(settings.steps, version + 1 + settings.staleness), version: version, policy)
    let clock = ContinuousClock()
    let start = clock.now
    let first = version * perStep
    let ledger = try await context.groups(from: Int64(first), through: Int64(first + perStep - 1))
    CommitPoint.groupsRead.pass(step: version + 1)
    let waited = clock.now
    let learnt = try study.learn(ledger)
    var metrics = learnt.step.values
    metrics.merge(learnt.replies.values) { own, _ in own }
    metrics.merge(Self.rewardParts(ledger)) { own, _ in own }
    let ages = ledger.map { Double(version - $0.behaviourVersion) }
    metrics["staleness"] = ages.reduce(0, +) / Double(max(1, ages.count))
    metrics["staleness/max"] = ages.max() ?? 0
    metrics["seconds/rollout"] = start.duration(to: waited) / .seconds(1)
    metrics["seconds/learn"] = waited.duration(to: clock.now) / .seconds(1)
    for (name, seconds) in learnt.step.seconds { metrics["seconds/learn/" + name] = seconds }
    return TakenStep(ordinals: ledger.map(\.ordinal), metrics: metrics)
  }

  func replay(_ record: StepRecord) async throws {
    guard let first = record.ordinals.min(), let last = record.ordinals.max() else { return }
    let found = try await context.groups(from: first, through: last)
    let byOrdinal = Dictionary(uniqueKeysWithValues: found.map { ($0.ordinal, $0) })
    _ = try study.learn(record.ordinals.compactMap { byOrdinal[$0] })
  }

  /// Asks for every group up to the end of step `through`; those already asked for stay as they are.
  private func open(through step: Int, version: Int, _ policy: PolicyVersion?) async throws {
    let perStep = settings.promptsPerStep
    let policy = policy.map { (path: $0.path, sha256: $0.sha256) }
    let starts = stride(from: version * perStep, to: step * perStep, by: settings.promptsPerTask)
    let rollouts = starts.map { start in
      // A task never spans two steps, so that a step never waits for prompts of the next.
      let end = min(start + settings.promptsPerTask, (start / perStep + 1) * perStep)
      return OpenRolloutsRequest.NewRollout(
        ordinal: Int64(start),
        payload: RolloutOrder(ordinals: start..<end, version: version, policy: policy).payload)
    }
    _ = try await context.openRollouts(version: version, rollouts)
  }

  private static func rewardParts(_ groups: [RolloutGroup]) -> [String: Double] {
    let answers = groups.flatMap(\.completions)
    var sums: [String: Double] = [:]
    for (name, value) in answers.flatMap(\.parts) { sums["reward/" + name, default: 0] += value }
    return sums.mapValues { $0 / Double(max(1, answers.count)) }
  }
}
