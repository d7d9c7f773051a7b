public import QwenVL
internal import Tensors

/// Improves a policy by groups of scored answers (section 3.2 of the paper).
///
/// The old policy of equation 1 is the policy as it enters the step. With one inner iteration every ratio is then
/// exactly 1 and only its gradient matters; the loss that is logged is β times the divergence from the reference and
/// says nothing about the reward.
public final class GRPOLearner: PolicyLearner {
  public let policy: QwenModel
  public let settings: GRPOSettings
  public let optimizer: AdamW
  private let reference: ReferencePolicy?
  private let shared: SharedStep
  public var updatesPerStep: Int { settings.innerIterations }
  /// With a frozen vision tower the features of an image are the same at every step.
  private let features: FrozenFeatures?

  /// - Parameters:
  ///   - policy: a model whose trained part records gradients.
  ///   - reference: π_ref, which the KL term measures the distance to, with weights of its own; not needed
  ///     when β is 0.
  ///   - collective: the processes that take each step together, all with the same settings and weights.
  /// - Throws: `TrainingError` or `ObjectiveError` for settings no step can be taken with, and for models that
  ///   do not go together.
  public init(
    policy: QwenModel, reference: QwenModel?, settings: GRPOSettings,
    collective: any Collective = SoleProcess()
  ) throws {
    try settings.validate()
    guard !policy.trainedParameters.isEmpty else {
      throw TrainingError("no parameter of the policy records gradients; load it with the part to train")
    }
    let visionIsTrained = policy.trainedParameters.contains { $0.name.hasPrefix("model.visual.") }
    let features = visionIsTrained ? nil : FrozenFeatures(model: policy)
    if settings.objective.beta > 0 {
      guard let reference else {
        throw TrainingError("with beta \(settings.objective.beta) the learner needs a reference policy")
      }
      self.reference = try ReferencePolicy(reference, beside: policy, sharing: features)
    } else {
      self.reference = nil
    }
    self.policy = policy
    self.settings = settings
    shared = SharedStep(collective: collective)
    self.features = features
    optimizer = AdamW(parameters: policy.trainedParameters, settings: settings.optimizer)
  }

  /// Takes one step over all groups together, those left out by `minimumRewardDeviation` excepted: an update by the
  /// optimizer for each inner iteration. Where none is left the policy stays as it is and the step counts.
  ///
  /// With a collective every rank is given all groups and computes its share of them; the result is that of one process
  /// up to rounding (except under the reduction `bnpo`, whose passes are then others).
  ///
  /// - Throws: `TrainingError` naming the group that cannot be used, or the model's own error for a prompt or
  ///   token it cannot take; the policy is then untouched, but for a gradient that is not finite in an inner
  ///   iteration after the first.
  public func step(_ groups: [TrainingGroup]) throws -> StepMetrics {
    guard !groups.isEmpty else { throw TrainingError("a step needs at least one group") }
    for group in groups { try group.validate() }
    let allAdvantages = groups.map { GroupAdvantages(rewards: $0.rewards, settings: settings.advantage) }
    let kept = groups.indices.filter { teaches(allAdvantages[$0]) }
    let taught = kept.map { groups[$0] }
    let advantages = kept.map { allAdvantages[$0] }
    let lengths = taught.flatMap { $0.completions.map(\.count) }
    let extent = GRPOObjective.BatchExtent(answers: lengths.count, tokens: lengths.reduce(0, +))

    policy.zeroGradients()
    // What a failed step has accumulated must not lie about until the next.
    defer { policy.zeroGradients() }
    var clock = PhaseClock()
    let own = shared.share(of: taught.count)
    let rate = settings.schedule.rate(step: stepCount)
    var measured = Measured()
    var norm = 0.0
    var entered: [Int: EnteredPass] = [:]
    for iteration in 0..<settings.innerIterations {
      let update = try Measured(
        joining: shared.compute {
          var measured = Measured()
          for start in stride(from: own.lowerBound, to: own.upperBound, by: settings.promptsPerPass) {
            let pass = start..<min(start + settings.promptsPerPass, own.upperBound)
            try accumulate(
              taught[pass], advantages: advantages[pass], extent: extent, entered: &entered[start],
              into: &measured, &clock)
          }
          return measured.numbers
        })
      try clock.measure("exchange") { try shared.sumGradients(of: optimizer) }
      norm = try clock.measure("optimizer") {
        try optimizer.step(rate: rate, maximumNorm: settings.maximumGradientNorm)
      }
      if iteration == 0 { measured = update } else { measured.addIteration(update) }
    }

    var metrics = StepMetrics()
    metrics.recordRewards(groups.flatMap(\.rewards), groups: allAdvantages, best: settings.bestReward)
    metrics.recordLengths(
      groups.flatMap { $0.completions.map(\.count) }, truncated: groups.reduce(0) { $0 + $1.truncated })
    metrics.record(measured.objective)
    metrics["loss"] = measured.loss / Double(settings.innerIterations)
    metrics["gradient_norm"] = norm
    metrics["learning_rate"] = rate
    // The mean of −log π over tokens sampled from π estimates its entropy.
    metrics["entropy"] = -measured.logProbabilities / Double(max(1, extent.tokens))
    metrics["sampler/gap"] = measured.gap / Double(max(1, extent.tokens))
    metrics["groups/dropped"] = Double(groups.count - taught.count) / Double(groups.count)
    metrics.seconds = clock.seconds
    return metrics
  }

  /// Whether a group with these rewards takes part in a step.
  public func teaches(rewards: [Double]) -> Bool {
    teaches(GroupAdvantages(rewards: rewards, settings: settings.advantage))
  }

  private func teaches(_ group: GroupAdvantages) -> Bool {
    settings.minimumRewardDeviation.map { group.standardDeviation > $0 } ?? true
  }

  /// One pass through the networks: adds the groups' gradients to those of the policy.
  private func accumulate(
    _ groups: ArraySlice<TrainingGroup>, advantages: ArraySlice<GroupAdvantages>,
    extent: GRPOObjective.BatchExtent, entered: inout EnteredPass?, into measured: inout Measured,
    _ clock: inout PhaseClock
  ) throws {
    let reference =
      try entered.map(\.reference)
      ?? clock.measure("reference") { try self.reference?.logProbabilities(groups) }
    let loss = try clock.measure("forward") {
      let current = try policy.packedLogProbabilities(
        batch: groups.map {
          PromptCompletions(
            prompt: $0.prompt, completions: $0.completions,
            imageFeatures: try features?.features(of: $0.prompt))
        }, recomputingLayers: settings.recomputesLayers)
      let now = current.values
      var answers: [GRPOObjective.PackedAnswer] = []
      var offset = 0
      for (group, advantage) in zip(groups, advantages) {
        for (index, ids) in group.completions.enumerated() {
          let range = offset..<offset + ids.count
          let sampler = group.samplerLogProbabilities[index]
          measured.compare(now[range], sampler: sampler)
          // A correction stands for all that lies between the sampler and the step: then the step begins at ρ = 1.
          let isOld = !group.isOnPolicy && settings.objective.mismatch == nil
          answers.append(
            GRPOObjective.PackedAnswer(
              count: ids.count, old: isOld ? sampler : entered.map { Array($0.policy[range]) },
              reference: reference.map { Array($0[range]) }, sampler: sampler,
              advantage: Float(advantage.values[index])))
          offset = range.upperBound
        }
      }
      let (loss, metrics) = try settings.objective.loss(current: current, answers: answers, extent: extent)
      if settings.innerIterations > 1, entered == nil {
        entered = EnteredPass(policy: now, reference: reference)
      }
      measured.objective.append(metrics)
      measured.loss += Double(loss.item)
      return loss
    }
    clock.measure("backward") { loss.backward() }
  }
}

/// What stays the same over the inner iterations of a step, for the answers of one pass.
private struct EnteredPass {
  /// log π_old: of the policy that entered the step.
  let policy: [Float]
  /// log π_ref
  let reference: [Float]?
}

/// Sums over the passes of one step.
private struct Measured {
  var objective = GRPOObjective.Metrics()
  var loss = 0.0
  var logProbabilities = 0.0
  /// Σ |learner − sampler|: 0 up to rounding when both hold the same weights.
  var gap = 0.0

  init() {}

  /// Sums of several processes, in the order of their ranks.
  init(joining ranks: [[Double]]) {
    for rank in ranks {
      loss += rank[0]
      logProbabilities += rank[1]
      gap += rank[2]
      objective.append(GRPOObjective.Metrics(numbers: rank.dropFirst(3)))
    }
  }

  var numbers: [Double] { [loss, logProbabilities, gap] + objective.numbers }

  /// Entropy and gap stay those of the policy that entered the step.
  mutating func addIteration(_ other: Measured) {
    objective.append(other.objective)
    loss += other.loss
  }

  mutating func compare(_ learner: ArraySlice<Float>, sampler: [Float]) {
    for (a, b) in zip(learner, sampler) {
      logProbabilities += Double(a)
      gap += Double(abs(a - b))
    }
  }
}
