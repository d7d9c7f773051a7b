public import Tensors

extension QwenModel {
  /// Weights that are multiplied with the same x: they lie one behind the other in a GPU's memory, where one product
  /// takes them all.
  private static let neighbours = [
    ["self_attn.q_proj.weight", "self_attn.k_proj.weight", "self_attn.v_proj.weight"],
    ["mlp.gate_proj.weight", "mlp.up_proj.weight"],
  ]

  /// The same network in the memory of a GPU; what is trained stays so.
  /// - Throws: `CUDAError` when that memory does not suffice.
  public func moved(to device: CUDADevice) throws -> QwenModel {
    let tensors = Dictionary(uniqueKeysWithValues: parameters.map { ($0.name, $0.tensor) })
    var placed: [String: Tensor] = [:]
    let model = viewed(adapter: adapter?.moved(to: device)) { tensor, declaration in
      if let known = placed.removeValue(forKey: declaration.name) { return known }
      let group = Self.neighbours(of: declaration.name).filter { tensors[$0]?.dtype == tensor.dtype }
      guard group.first == declaration.name else { return tensor.placed(on: device) }
      let own = group.compactMap { tensors[$0] }
      for (name, (old, new)) in zip(group, zip(own, Tensor.neighbours(own, on: device))) {
        placed[name] = old.requiresGradient ? new.asParameter() : new
      }
      return placed.removeValue(forKey: declaration.name) ?? tensor.placed(on: device)
    }
    try device.check()
    return model
  }

  /// The names of a weight and of those it lies beside, in their order; none of what lies alone.
  private static func neighbours(of name: String) -> [String] {
    for group in neighbours {
      if let own = group.first(where: name.hasSuffix) {
        let prefix = name.dropLast(own.count)
        return group.map { prefix + $0 }
      }
    }
    return []
  }
}

extension Tensor {
  /// A copy in the memory of a GPU, which records gradients if this tensor does.
  func placed(on device: CUDADevice) -> Tensor {
    let moved = detached().moved(to: device)
    return requiresGradient ? moved.asParameter() : moved
  }
}
