internal import Checkpoints
internal import PostTraining
internal import Tensors

/// A learner's state under the names it is stored by.
///
/// The weights keep their own names, so a rollout worker reads them from a full state as from a bare policy.
extension GRPOLearner {
  private static let weights = "weights/"

  /// The trained weights and both moments of each.
  var namedState: [(name: String, tensor: Tensor)] {
    stateTensors.map { (Self.stored($0.name), $0.tensor) }
  }

  /// Continues from a full state.
  func restore(from checkpoint: Checkpoint) throws {
    try restore(stepCount: checkpoint.manifest.step) { name, tensor in
      try checkpoint.load(Self.stored(name), into: tensor)
    }
  }

  /// Takes over the weights alone, keeping moments and step count.
  func adoptWeights(from checkpoint: Checkpoint) throws {
    for (name, tensor) in policyTensors() { try checkpoint.load(name, into: tensor) }
  }

  /// Whether the trained weights are those of `checkpoint`, bit by bit.
  func matches(_ checkpoint: Checkpoint) throws -> Bool {
    for (name, tensor) in policyTensors() {
      let stored = Tensor.zeros(tensor.shape)
      try checkpoint.load(name, into: stored)
      let same = tensor.withUnsafeValues { own in
        stored.withUnsafeValues { other in
          zip(own, other).allSatisfy { $0.bitPattern == $1.bitPattern }
        }
      }
      if !same { return false }
    }
    return true
  }

  private static func stored(_ name: String) -> String {
    name.hasPrefix(weights) ? String(name.dropFirst(weights.count)) : name
  }
}
