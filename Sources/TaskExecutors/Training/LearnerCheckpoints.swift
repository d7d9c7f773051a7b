internal import Checkpoints
internal import PostTraining

/// A learner and its checkpoints. Weights are stored under their own names in a full state too, so a rollout worker
/// reads them from it as from a bare policy.
extension PolicyLearner {
  /// Continues from a full state.
  func restore(from checkpoint: Checkpoint) throws {
    try restore(stepCount: checkpoint.manifest.step) { name, tensor in
      try checkpoint.load(name, into: tensor)
    }
  }

  /// Takes over the weights alone, keeping moments and step count.
  func adoptWeights(from checkpoint: Checkpoint) throws {
    for (name, tensor) in policyTensors() { try checkpoint.load(name, into: tensor) }
  }

  /// Whether the trained weights are those of `checkpoint`, bit by bit.
  func matches(_ checkpoint: Checkpoint) throws -> Bool {
    for (name, tensor) in policyTensors() where try !checkpoint.holds(tensor, as: name) { return false }
    return true
  }
}
