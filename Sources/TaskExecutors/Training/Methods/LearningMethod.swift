internal import JobModel
internal import PostTraining

/// How a run takes its steps: from groups of the policy's own answers, or from given replies.
protocol LearningMethod: AnyObject {
  var learner: any PolicyLearner { get }
  /// Whether others sample from every version, so that every one has to be published.
  var publishesEveryStep: Bool { get }

  /// Takes the next step.
  ///
  /// - Parameter policy: the announced version that enters it; nil is the model the run starts from.
  func step(from policy: PolicyVersion?) async throws -> TakenStep
  /// Takes a recorded step again, from the same data.
  func replay(_ record: StepRecord) async throws
}

/// A step that has been taken and not yet recorded.
struct TakenStep {
  /// The groups it consumed, in their order; empty where there are none.
  var ordinals: [Int64]
  var metrics: [String: Double]
}
