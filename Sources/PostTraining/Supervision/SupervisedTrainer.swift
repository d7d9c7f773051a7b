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
/// loss. A trainer is confined to one thread, like its model.
public final class SupervisedTrainer {
  public let model: QwenModel
  public let optimizer: AdamW
  public let schedule: LearningRateSchedule
  private let maximumGradientNorm: Double
  private let examplesPerPass: Int

  /// - Parameters:
  ///   - model: its trained part records gradients.
  ///   - examplesPerPass: examples that go through the network together; fewer bound memory and, where
  ///     activations leave the processor's caches, save time. It does not change the result.
  /// - Throws: `TrainingError` for settings no step can be taken with.
  public init(
    model: QwenModel, optimizer: AdamWSettings, schedule: LearningRateSchedule,
    maximumGradientNorm: Double = 1, examplesPerPass: Int = .max
  ) throws {
    try optimizer.validate()
    try schedule.validate()
    guard examplesPerPass >= 1 else { throw TrainingError("a pass takes at least one example") }
    guard !model.trainedParameters.isEmpty else {
      throw TrainingError("no parameter of the model records gradients; load it with the part to train")
    }
    self.model = model
    self.schedule = schedule
    self.maximumGradientNorm = maximumGradientNorm
    self.examplesPerPass = examplesPerPass
    self.optimizer = AdamW(parameters: model.trainedParameters, settings: optimizer)
  }

  /// One step over a batch.
  ///
  /// - Returns: the mean negative log-likelihood per token in nats, and the gradient's norm before clipping.
  /// - Throws: `TrainingError` or the model's own error; the model is then untouched.
  @discardableResult
  public func step(_ examples: [SupervisedExample]) throws -> (loss: Double, gradientNorm: Double) {
    let tokens = examples.reduce(0) { $0 + $1.reply.count }
    guard tokens > 0 else { throw TrainingError("a supervised step needs at least one reply token") }
    model.zeroGradients()
    defer { model.zeroGradients() }
    var total = 0.0
    var start = 0
    while start < examples.count {
      let end = start + min(examplesPerPass, examples.count - start)
      let current = try model.packedLogProbabilities(
        batch: examples[start..<end].map { PromptCompletions(prompt: $0.prompt, completions: [$0.reply]) })
      start = end
      guard current.count > 0 else { continue }
      let loss = weightedSum(current, weights: [Float](repeating: -1 / Float(tokens), count: current.count))
      loss.backward()
      total += Double(loss.item)
    }
    let norm = try optimizer.step(
      rate: schedule.rate(step: optimizer.stepCount), maximumNorm: maximumGradientNorm)
    return (total, norm)
  }

  /// The mean negative log-likelihood per reply token, without learning.
  public func evaluate(_ examples: [SupervisedExample]) throws -> Double {
    let tokens = examples.reduce(0) { $0 + $1.reply.count }
    guard tokens > 0 else { throw TrainingError("an evaluation needs at least one reply token") }
    let values = try model.inference().packedLogProbabilities(
      batch: examples.map { PromptCompletions(prompt: $0.prompt, completions: [$0.reply]) }
    ).values
    return -values.reduce(0.0) { $0 + Double($1) } / Double(tokens)
  }
}
