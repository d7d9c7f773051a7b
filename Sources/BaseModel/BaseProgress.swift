/// Where the making of a base model stands.
public struct BaseProgress: Sendable {
  public enum Stage: String, Sendable {
    case sight, speech
  }

  public let stage: Stage
  /// Steps of the stage that are done.
  public let step: Int
  public let steps: Int
  /// The loss, averaged over about the last fifty steps: nats per label for sight, per token for speech.
  public let loss: Double
  public let picturesPerSecond: Double
  /// Estimated seconds until the stage ends.
  public let secondsLeft: Double
}

/// Averages a stage's losses and times its steps.
struct StageMeter {
  private let stage: BaseProgress.Stage
  private let plan: BaseRecipe.Stage
  private let started = ContinuousClock.now
  private var step = 0
  private(set) var first = 0.0
  private(set) var average = 0.0

  init(_ stage: BaseProgress.Stage, _ plan: BaseRecipe.Stage) {
    self.stage = stage
    self.plan = plan
  }

  mutating func advance(loss: Double) -> BaseProgress {
    step += 1
    average = step == 1 ? loss : average + (loss - average) * max(0.02, 1 / Double(step))
    if step <= 10 { first = average }
    let seconds = started.duration(to: .now) / .seconds(1)
    return BaseProgress(
      stage: stage, step: step, steps: plan.steps, loss: average,
      picturesPerSecond: Double(step * plan.pictures) / seconds,
      secondsLeft: seconds / Double(step) * Double(plan.steps - step))
  }

  var outcome: BaseReport.Stage {
    BaseReport.Stage(
      steps: step, seconds: started.duration(to: .now) / .seconds(1), firstLoss: first, lastLoss: average)
  }
}
