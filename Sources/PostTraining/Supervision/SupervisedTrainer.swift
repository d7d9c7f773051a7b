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

/// Supervised fine-tuning: the mean negative log-likelihood of the replies' tokens, prompts left out of the loss.
public final class SupervisedTrainer {
  public let model: QwenModel
  public let optimizer: AdamW
  public let schedule: LearningRateSchedule
  private let maximumGradientNorm: Double

  /// - Parameter model: its trained part records gradients.
  public init(
    model: QwenModel, optimizer: AdamWSettings, schedule: LearningRateSchedule, maximumGradientNorm: Double
  ) {
    self.model = model
    self.schedule = schedule
    self.maximumGradientNorm = maximumGradientNorm
    self.optimizer = AdamW(parameters: model.trainedParameters, settings: optimizer)
  }

  /// One step over a batch.
  ///
  /// - Returns: the mean negative log-likelihood per token in nats, and the gradient's norm before clipping.
  public func step(_ examples: [SupervisedExample]) throws -> (loss: Double, gradientNorm: Double) {
    let tokens = examples.reduce(0) { $0 + $1.reply.count }
    guard tokens > 0 else { throw TrainingError("a supervised step needs at least one reply token") }
    model.zeroGradients()
    let current = try model.packedLogProbabilities(
      batch: examples.map { PromptCompletions(prompt: $0.prompt, completions: [$0.reply]) })
    let loss = weightedSum(current, weights: [Float](repeating: -1 / Float(tokens), count: tokens))
    loss.backward()
    let norm = try optimizer.step(
      rate: schedule.rate(step: optimizer.stepCount), maximumNorm: maximumGradientNorm)
    return (Double(loss.item), norm)
  }
}
