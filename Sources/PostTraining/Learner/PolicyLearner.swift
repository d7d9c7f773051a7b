public import QwenVL
public import Tensors

/// What improves a policy step by step, by whatever method: a policy, an optimizer, and a state that can be stored and
/// gone on from. A learner is confined to one thread, like its models.
public protocol PolicyLearner: AnyObject {
  /// What is being trained.
  var policy: QwenModel { get }
  var optimizer: AdamW { get }
  /// Updates by the optimizer that make one step.
  var updatesPerStep: Int { get }
}

extension PolicyLearner {
  public var updatesPerStep: Int { 1 }

  /// Steps taken so far.
  public var stepCount: Int { optimizer.stepCount / updatesPerStep }

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
    try optimizer.restore(stepCount: stepCount * updatesPerStep, load: load)
  }
}
