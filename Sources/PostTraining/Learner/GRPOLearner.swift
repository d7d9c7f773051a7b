public import QwenVL
public import Tensors

/// Improves a policy by groups of scored answers (section 3.2 of the paper).
///
/// Each step is one inner iteration on policy: the old policy of equation 1 is the policy as it enters the
/// step, so every ratio is exactly 1 and only its gradient matters. The loss that is logged is then β times
/// the divergence from the reference and says nothing about the reward. A learner is confined to one thread,
/// like its models.
public final class GRPOLearner {
  /// What is being trained.
  public let policy: QwenModel
  public let settings: GRPOSettings
  public let optimizer: AdamW
  private let reference: ReferencePolicy?
  /// With a frozen vision tower the features of an image are the same at every step.
  private let features: FrozenFeatures?

  /// - Parameters:
  ///   - policy: a model whose trained part records gradients.
  ///   - reference: π_ref, which the KL term measures the distance to, with weights of its own; not needed
  ///     when β is 0.
  /// - Throws: `TrainingError` or `ObjectiveError` for settings no step can be taken with, and for models that
  ///   do not go together.
  public init(policy: QwenModel, reference: QwenModel?, settings: GRPOSettings) throws {
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
    self.features = features
    optimizer = AdamW(parameters: policy.trainedParameters, settings: settings.optimizer)
  }

  /// Steps taken so far.
  public var stepCount: Int { optimizer.stepCount }

  /// Takes one optimizer step over all groups together, those left out by `minimumRewardDeviation` excepted;
  /// where none is left the policy stays as it is and the step counts.
  ///
  /// - Throws: `TrainingError` naming the group that cannot be used, or the model's own error for a prompt or
  ///   token it cannot take; the policy is then untouched.
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
    var measured = Measured()
    var clock = PhaseClock()
    for start in stride(from: 0, to: taught.count, by: settings.promptsPerPass) {
      let pass = start..<min(start + settings.promptsPerPass, taught.count)
      try accumulate(taught[pass], advantages: advantages[pass], extent: extent, into: &measured, &clock)
    }
    let rate = settings.schedule.rate(step: stepCount)
    let norm = try clock.measure("optimizer") {
      try optimizer.step(rate: rate, maximumNorm: settings.maximumGradientNorm)
    }

    var metrics = StepMetrics()
    metrics.recordRewards(groups.flatMap(\.rewards), groups: allAdvantages, best: settings.bestReward)
    metrics.recordLengths(
      groups.flatMap { $0.completions.map(\.count) }, limit: settings.objective.maxLength)
    metrics.record(measured.objective)
    metrics["loss"] = measured.loss
    metrics["gradient_norm"] = norm
    metrics["learning_rate"] = rate
    // The mean of −log π over tokens sampled from π estimates its entropy.
    metrics["entropy"] = -measured.logProbabilities / Double(max(1, extent.tokens))
    metrics["sampler/gap"] = measured.gap / Double(max(1, extent.tokens))
    metrics["groups/dropped"] = Double(groups.count - taught.count) / Double(groups.count)
    metrics.seconds = clock.seconds
    return metrics
  }

  /// Whether a group takes part in a step.
  private func teaches(_ group: GroupAdvantages) -> Bool {
    settings.minimumRewardDeviation.map { group.standardDeviation > $0 } ?? true
  }

  /// One pass through the networks: adds the groups' gradients to those of the policy.
  private func accumulate(
    _ groups: ArraySlice<TrainingGroup>, advantages: ArraySlice<GroupAdvantages>,
    extent: GRPOObjective.BatchExtent, into measured: inout Measured, _ clock: inout PhaseClock
  ) throws {
    let reference = try clock.measure("reference") { try self.reference?.logProbabilities(groups) }
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
          answers.append(
            GRPOObjective.PackedAnswer(
              count: ids.count, old: group.isOnPolicy ? nil : sampler,
              reference: reference.map { Array($0[range]) }, sampler: sampler,
              advantage: Float(advantage.values[index])))
          offset = range.upperBound
        }
      }
      let (loss, metrics) = try settings.objective.loss(current: current, answers: answers, extent: extent)
      measured.objective.append(metrics)
      measured.loss += Double(loss.item)
      return loss
    }
    clock.measure("backward") { loss.backward() }
  }

  // MARK: State

  /// Everything a later run needs to go on bit by bit, with `stepCount`: trained weights and both moments.
  public var stateTensors: [(name: String, tensor: Tensor)] { optimizer.stateTensors }

  /// What rollout workers need of the policy: all parameters, or those that are trained where workers load the
  /// others from the base model.
  public func policyTensors(trainedOnly: Bool = true) -> [(name: String, tensor: Tensor)] {
    trainedOnly ? policy.trainedParameters : policy.parameters
  }

  /// Continues from a stored state; the settings, the reference and what is not trained must be those the
  /// state was made with.
  ///
  /// - Parameters:
  ///   - stepCount: the steps the state had taken.
  ///   - load: fills each of `stateTensors` in place. When it throws, the weights are a mixture and the learner
  ///     must not be used.
  public func restore(stepCount: Int, load: (_ name: String, _ tensor: Tensor) throws -> Void) throws {
    try optimizer.restore(stepCount: stepCount, load: load)
  }
}

/// Sums over the passes of one step.
private struct Measured {
  var objective = GRPOObjective.Metrics()
  var loss = 0.0
  var logProbabilities = 0.0
  /// Σ |learner − sampler|: 0 up to rounding when both hold the same weights.
  var gap = 0.0

  mutating func compare(_ learner: ArraySlice<Float>, sampler: [Float]) {
    for (a, b) in zip(learner, sampler) {
      logProbabilities += Double(a)
      gap += Double(abs(a - b))
    }
  }
}
