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
  private let plan: RolloutPlan
  let publishesEveryStep = true
  var learner: any PolicyLearner { study.learner }

  init(_ settings: TrainSettings, policy: LoadedModel, crew: LearnerCrew, context: TaskContext) throws {
    self.settings = settings
    self.context = context
    plan = RolloutPlan(settings)
    study = try GroupStudy(settings, policy: policy, crew: crew)
    context.log(
      "\(settings.promptsPerStep) prompts × \(settings.groupSize) answers a step from "
        + "\(study.sampler.stream.count) questions, reward \(settings.reward)")
  }

  func step(from policy: PolicyVersion?) async throws -> TakenStep {
    let version = learner.stepCount
    let step = version + 1
    let clock = ContinuousClock()
    let start = clock.now
    var again = 0
    for ahead in step...max(step, min(settings.steps, step + settings.staleness)) {
      again += try await open(plan.places(of: ahead), version: version, policy)
    }
    var ledger = try await groups(plan.places(of: step))
    // In place of groups that teach nothing, by the policy of now.
    for round in 1..<1 + plan.rounds {
      let missing = plan.promptsPerStep - ledger.count(where: study.teaches)
      guard missing > 0 else { break }
      let places = plan.furtherPlaces(of: step, round: round).prefix(missing)
      again += try await open(places, version: version, policy)
      ledger += try await groups(places)
    }
    CommitPoint.groupsRead.pass(step: step)
    let waited = clock.now
    let learnt = try study.learn(ledger)
    var metrics = learnt.step.values
    metrics.merge(learnt.replies.values) { own, _ in own }
    metrics.merge(Self.rewardParts(ledger)) { own, _ in own }
    let ages = ledger.map { Double(version - $0.behaviourVersion) }
    metrics["staleness"] = ages.reduce(0, +) / Double(max(1, ages.count))
    metrics["staleness/max"] = ages.max() ?? 0
    metrics["groups/stale"] = Double(again)
    metrics["groups/resampled"] = Double(ledger.count - plan.promptsPerStep)
    metrics["seconds/rollout"] = start.duration(to: waited) / .seconds(1)
    metrics["seconds/learn"] = waited.duration(to: clock.now) / .seconds(1)
    for (name, seconds) in learnt.step.seconds { metrics["seconds/learn/" + name] = seconds }
    return TakenStep(ordinals: ledger.map(\.ordinal), metrics: metrics)
  }

  func replay(_ record: StepRecord) async throws {
    var ledger: [RolloutGroup] = []
    // Further prompts lie far behind those of the steps: one stretch after the other.
    for run in Self.stretches(of: record.ordinals) {
      ledger += try await context.groups(from: run.lowerBound, through: run.upperBound)
    }
    _ = try study.learn(ledger)
  }

  /// Ordinals as ranges of neighbours, in their order.
  static func stretches(of ordinals: [Int64]) -> [ClosedRange<Int64>] {
    var found: [ClosedRange<Int64>] = []
    for ordinal in ordinals {
      if let last = found.last, last.upperBound + 1 == ordinal {
        found[found.count - 1] = last.lowerBound...ordinal
      } else {
        found.append(ordinal...ordinal)
      }
    }
    return found
  }

  /// The groups of consecutive places, once all of them are there.
  private func groups(_ places: Range<Int>) async throws -> [RolloutGroup] {
    try await context.groups(from: Int64(places.lowerBound), through: Int64(places.upperBound - 1))
  }

  /// Asks for the groups of consecutive places of one step; those already asked for stay as they are.
  ///
  /// - Returns: how many tasks take the place of groups that have become too old.
  private func open(_ places: Range<Int>, version: Int, _ policy: PolicyVersion?) async throws -> Int {
    let policy = policy.map { (path: $0.path, sha256: $0.sha256) }
    let rollouts = stride(from: places.lowerBound, to: places.upperBound, by: settings.promptsPerTask).map {
      start in
      let end = min(start + settings.promptsPerTask, places.upperBound)
      return OpenRolloutsRequest.NewRollout(
        ordinal: Int64(start),
        payload: RolloutOrder(ordinals: start..<end, version: version, policy: policy).payload)
    }
    return try await context.openRollouts(version: version, rollouts).reopened
  }

  private static func rewardParts(_ groups: [RolloutGroup]) -> [String: Double] {
    let answers = groups.flatMap(\.completions)
    var sums: [String: Double] = [:]
    for (name, value) in answers.flatMap(\.parts) { sums["reward/" + name, default: 0] += value }
    return sums.mapValues { $0 / Double(max(1, answers.count)) }
  }
}
