import Tensors

extension QwenModel {
  /// The same weights under an adapter, which takes the place of one the model had. Nothing of the network
  /// itself records gradients then; what trains the adapter sees it in `trainedParameters`.
  ///
  /// The weights may be in any form: a projection kept as bfloat16 or int8 stays in it.
  /// - Parameter training: whether the adapter's matrices record gradients; their memory is the adapter's own
  ///   either way.
  public func adapted(by adapter: LoRAAdapter, training: Bool) -> QwenModel {
    viewed(adapter: adapter.recording(training)) { tensor, _ in tensor.detached() }
  }

  /// The same weights without the adapter: what it was put on, the reference policy of its training.
  public func unadapted() -> QwenModel {
    viewed(adapter: nil) { tensor, _ in tensor.detached() }
  }

  /// A model without adapter that computes what this one does: W + α/r · up · down in the place of every adapted
  /// weight W, in float32 and memory of its own; the other weights are shared.
  public func merged() -> QwenModel {
    guard let adapter else { return inference() }
    return viewed(adapter: nil) { tensor, declaration in
      adapter.update(ofWeight: declaration.name)?.added(to: tensor) ?? tensor.detached()
    }
  }
}
