internal import QwenVL
internal import Tensors

/// π_ref of equations 5 and 6.
struct ReferencePolicy {
  private let model: QwenModel
  private let features: FrozenFeatures

  /// - Parameters:
  ///   - policy: the model being trained.
  ///   - features: of the policy's vision tower if that is frozen; shared when the reference has the same one.
  init(_ reference: QwenModel, beside policy: QwenModel, sharing features: FrozenFeatures?) throws {
    guard reference.parameters.map(\.name) == policy.parameters.map(\.name) else {
      throw TrainingError("the reference policy has other parameters than the policy")
    }
    var sameVision = true
    for (own, trained) in zip(reference.parameters, policy.parameters) {
      guard own.tensor.shape == trained.tensor.shape else {
        throw TrainingError(
          "\(own.name) has shape \(own.tensor.shape) in the reference policy and \(trained.tensor.shape) in the "
            + "policy")
      }
      guard !trained.tensor.requiresGradient || !own.tensor.sharesMemory(with: trained.tensor) else {
        throw TrainingError(
          "the reference policy shares \(own.name) with the policy and would be trained too")
      }
      if own.name.hasPrefix("model.visual.") {
        sameVision = sameVision && own.tensor.hasSameBits(as: trained.tensor)
      }
    }
    model = reference.inference()
    if let features, sameVision {
      self.features = features
    } else {
      self.features = FrozenFeatures(model: reference)
    }
  }

  /// log π_ref of all answers' tokens, one after another.
  func logProbabilities(_ groups: ArraySlice<TrainingGroup>) throws -> [Float] {
    try model.packedLogProbabilities(
      batch: groups.map {
        PromptCompletions(
          prompt: $0.prompt, completions: $0.completions, imageFeatures: try features.features(of: $0.prompt))
      }
    ).values
  }
}
