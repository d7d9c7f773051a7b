public import QwenVL
internal import Tensors

/// A prompt and the reply to imitate.
public struct SupervisedExample: Sendable {
  public let prompt: Prompt
  /// Token ids of the reply, stop token included.
  public let reply: [Int]

  public init(prompt: Prompt, reply: [Int]) {
    self.prompt = prompt
    self.reply = reply
  }
}

/// Supervised fine-tuning: the mean negative log-likelihood of the replies' tokens, prompts left out of the
/// loss.
public final class SupervisedTrainer: PolicyLearner {
  public let policy: QwenModel
  public let optimizer: AdamW
  public let schedule: LearningRateSchedule
  private let maximumGradientNorm: Double
  private let examplesPerPass: Int
  private let recomputesLayers: Bool
  private let shared: SharedStep
  private let features: FrozenFeatures?

  /// - Parameters:
  ///   - policy: its trained part records gradients.
  ///   - examplesPerPass: examples that go through the network together; fewer bound memory and, where
  ///     activations leave the processor's caches, save time. It does not change the result.
  ///   - recomputesLayers: as `GRPOSettings.recomputesLayers`.
  ///   - remembersPictures: keeps what a frozen vision tower makes of a picture, for pictures that come again.
  ///   - collective: the processes that take each step together; each computes its share of the examples.
  /// - Throws: `TrainingError` for settings no step can be taken with.
  public init(
    policy: QwenModel, optimizer: AdamWSettings, schedule: LearningRateSchedule,
    maximumGradientNorm: Double = 1, examplesPerPass: Int = .max, recomputesLayers: Bool = false,
    remembersPictures: Bool = false, collective: any Collective = SoleProcess()
  ) throws {
    try optimizer.validate()
    try schedule.validate()
    guard examplesPerPass >= 1 else { throw TrainingError("a pass takes at least one example") }
    guard !policy.trainedParameters.isEmpty else {
      throw TrainingError("no parameter of the model records gradients; load it with the part to train")
    }
    self.policy = policy
    self.schedule = schedule
    self.maximumGradientNorm = maximumGradientNorm
    self.examplesPerPass = examplesPerPass
    self.recomputesLayers = recomputesLayers
    shared = SharedStep(collective: collective)
    let visionIsTrained = policy.trainedParameters.contains { $0.name.hasPrefix("model.visual.") }
    features = visionIsTrained || !remembersPictures ? nil : FrozenFeatures(model: policy)
    self.optimizer = AdamW(parameters: policy.trainedParameters, settings: optimizer)
  }

  /// One step over a batch.
  ///
  /// - Returns: the mean negative log-likelihood per token in nats, and the gradient's norm before clipping.
  /// - Throws: `TrainingError` or the model's own error; the model is then untouched.
  @discardableResult
  public func step(_ examples: [SupervisedExample]) throws -> (loss: Double, gradientNorm: Double) {
    let tokens = examples.reduce(0) { $0 + $1.reply.count }
    guard tokens > 0 else { throw TrainingError("a supervised step needs at least one reply token") }
    policy.zeroGradients()
    defer { policy.zeroGradients() }
    let own = shared.share(of: examples.count)
    let totals = try shared.compute {
      var total = 0.0
      var start = own.lowerBound
      while start < own.upperBound {
        let end = start + min(examplesPerPass, own.upperBound - start)
        let current = try policy.packedLogProbabilities(
          batch: try examples[start..<end].map { try completions($0) }, recomputingLayers: recomputesLayers)
        start = end
        guard current.count > 0 else { continue }
        let loss = weightedSum(current, weights: [Float](repeating: -1 / Float(tokens), count: current.count))
        loss.backward()
        total += Double(loss.item)
      }
      return [total]
    }
    try shared.sumGradients(of: optimizer)
    let norm = try optimizer.step(
      rate: schedule.rate(step: optimizer.stepCount), maximumNorm: maximumGradientNorm)
    return (totals.reduce(0) { $0 + $1[0] }, norm)
  }

  private func completions(_ example: SupervisedExample) throws -> PromptCompletions {
    PromptCompletions(
      prompt: example.prompt, completions: [example.reply],
      imageFeatures: try features?.features(of: example.prompt))
  }

  /// The mean negative log-likelihood per reply token, without learning.
  public func evaluate(_ examples: [SupervisedExample]) throws -> Double {
    let tokens = examples.reduce(0) { $0 + $1.reply.count }
    guard tokens > 0 else { throw TrainingError("an evaluation needs at least one reply token") }
    let values = try policy.inference().packedLogProbabilities(
      batch: try examples.map { try completions($0) }
    ).values
    return -values.reduce(0.0) { $0 + Double($1) } / Double(tokens)
  }
}
