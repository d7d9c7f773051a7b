public import QwenVL
internal import Tensors

/// The settings of a learner.
public struct GRPOSettings: Sendable, Equatable {
  public var objective: GRPOObjective
  public var advantage: AdvantageNormalisation
  public var optimizer: AdamWSettings
  public var schedule: LearningRateSchedule
  /// The gradient is scaled down to this norm; 0 leaves it.
  public var maximumGradientNorm: Double
  /// Prompts that go through the network in one pass. It bounds memory and does not change the result.
  public var promptsPerPass: Int
  /// The highest reward an answer can earn; groups that all reach it are counted.
  public var bestReward: Double

  public init(
    objective: GRPOObjective, advantage: AdvantageNormalisation, optimizer: AdamWSettings,
    schedule: LearningRateSchedule, maximumGradientNorm: Double, promptsPerPass: Int, bestReward: Double = 1
  ) {
    self.objective = objective
    self.advantage = advantage
    self.optimizer = optimizer
    self.schedule = schedule
    self.maximumGradientNorm = maximumGradientNorm
    self.promptsPerPass = promptsPerPass
    self.bestReward = bestReward
  }
}

/// Improves a policy by groups of scored answers (section 3.2 of the paper).
///
/// Each step is one inner iteration on policy: the old policy of equation 1 is the policy as it enters the step, so
/// every ratio is exactly 1 and only its gradient matters. A learner is confined to one thread, like its models.
public final class GRPOLearner {
  /// What is being trained.
  public let policy: QwenModel
  public let settings: GRPOSettings
  public let optimizer: AdamW
  /// π_ref; absent when β is 0.
  private let reference: QwenModel?
  /// With a frozen vision tower the features of an image are the same at every step and for both models.
  private var features: FrozenFeatures?

  /// - Parameters:
  ///   - policy: a model whose trained part records gradients.
  ///   - reference: the model the KL term measures the distance to; ignored when β is 0.
  public init(policy: QwenModel, reference: QwenModel, settings: GRPOSettings) {
    self.policy = policy
    self.settings = settings
    self.reference = settings.objective.beta > 0 ? reference.inference() : nil
    optimizer = AdamW(parameters: policy.trainedParameters, settings: settings.optimizer)
    let visionIsTrained = policy.trainedParameters.contains { $0.name.hasPrefix("model.visual.") }
    features = visionIsTrained ? nil : FrozenFeatures(model: policy)
  }

  /// Steps taken so far.
  public var stepCount: Int { optimizer.stepCount }

  /// Takes one optimizer step over all groups together.
  ///
  /// - Throws: `TrainingError` naming the group that cannot be used; the policy is then untouched.
  public func step(_ groups: [TrainingGroup]) throws -> StepMetrics {
    guard !groups.isEmpty else { throw TrainingError("a step needs at least one group") }
    for group in groups { try check(group) }
    let advantages = groups.map { GroupAdvantages(rewards: $0.rewards, settings: settings.advantage) }
    let completions = groups.flatMap(\.completions)
    let extent = GRPOObjective.BatchExtent(
      answers: completions.count, tokens: completions.reduce(0) { $0 + $1.count })

    policy.zeroGradients()
    var objectiveMetrics = GRPOObjective.Metrics()
    var loss = 0.0
    var gap = MeanAbsoluteGap()
    let size = max(1, settings.promptsPerPass)
    for start in stride(from: 0, to: groups.count, by: size) {
      let pass = start..<min(start + size, groups.count)
      let batch = try pass.map { try entry(groups[$0], model: policy) }
      let current = try policy.packedLogProbabilities(batch: batch)
      let now = current.values
      let reference = try self.reference.map {
        let model = $0
        return try model.packedLogProbabilities(batch: pass.map { try entry(groups[$0], model: model) })
          .values
      }
      var answers: [GRPOObjective.PackedAnswer] = []
      var offset = 0
      for index in pass {
        for (answer, ids) in groups[index].completions.enumerated() {
          let range = offset..<offset + ids.count
          gap.add(now[range], groups[index].samplerLogProbabilities[answer])
          answers.append(
            .init(
              count: ids.count, old: nil, reference: reference.map { Array($0[range]) },
              advantage: Float(advantages[index].values[answer])))
          offset = range.upperBound
        }
      }
      let (partial, metrics) = try settings.objective.loss(current: current, answers: answers, extent: extent)
      objectiveMetrics.append(metrics)
      loss += Double(partial.item)
      partial.backward()
    }
    let rate = settings.schedule.rate(step: stepCount)
    let norm = try optimizer.step(rate: rate, maximumNorm: settings.maximumGradientNorm)

    var metrics = StepMetrics()
    metrics.recordRewards(groups.flatMap(\.rewards), groups: advantages, best: settings.bestReward)
    metrics.recordLengths(completions.map(\.count), limit: settings.objective.maxLength)
    metrics.record(objectiveMetrics)
    metrics["loss"] = loss
    metrics["gradient_norm"] = norm
    metrics["learning_rate"] = rate
    metrics["sampler/gap"] = gap.mean
    metrics["tokens"] = Double(extent.tokens)
    return metrics
  }

  private func entry(_ group: TrainingGroup, model: QwenModel) throws -> PromptCompletions {
    PromptCompletions(
      prompt: group.prompt, completions: group.completions,
      imageFeatures: try features?.features(of: group.prompt))
  }

  private func check(_ group: TrainingGroup) throws {
    let count = group.completions.count
    guard count > 0, group.rewards.count == count, group.samplerLogProbabilities.count == count else {
      throw TrainingError(
        "group \(group.ordinal) has \(count) answers, \(group.rewards.count) rewards and "
          + "\(group.samplerLogProbabilities.count) rows of log-probabilities")
    }
    for (index, ids) in group.completions.enumerated() {
      guard !ids.isEmpty, group.samplerLogProbabilities[index].count == ids.count else {
        throw TrainingError(
          "answer \(index) of group \(group.ordinal) has \(ids.count) tokens and "
            + "\(group.samplerLogProbabilities[index].count) log-probabilities")
      }
    }
    guard group.rewards.allSatisfy(\.isFinite) else {
      throw TrainingError("group \(group.ordinal) has a reward that is not a finite number")
    }
  }
}

/// How far the learner's log-probabilities lie from the sampler's: 0 up to rounding when both hold the same weights.
private struct MeanAbsoluteGap {
  private var sum = 0.0
  private var count = 0

  var mean: Double { count == 0 ? 0 : sum / Double(count) }

  mutating func add(_ learner: ArraySlice<Float>, _ sampler: [Float]) {
    for (a, b) in zip(learner, sampler) { sum += Double(abs(a - b)) }
    count += sampler.count
  }
}
