import Tensors

/// y = x Wᵀ + b, with the change of an adapter to W where there is one
struct Linear {
  let weight: Tensor  // [out, in]
  let bias: Tensor?  // [out]
  let update: LowRankUpdate?

  func callAsFunction(_ x: Tensor) -> Tensor {
    let y = linear(x, weight: weight, bias: bias)
    return update.map { adding($0, of: x, to: y) } ?? y
  }

  /// residual + y
  func callAsFunction(_ x: Tensor, addedTo residual: Tensor) -> Tensor {
    let y = linear(x, weight: weight, bias: bias, addedTo: residual)
    return update.map { adding($0, of: x, to: y) } ?? y
  }

  /// The outputs of several layers for the same input, side by side.
  static func outputs(of layers: [Linear], for x: Tensor) -> SideBySide {
    var outputs = SideBySide(x, layers.map { ($0.weight, $0.bias) })
    var start = 0
    for (index, layer) in layers.enumerated() {
      let columns = start..<start + layer.weight.shape[0]
      if let update = layer.update { outputs = outputs.adding(update, of: x, to: columns, index) }
      start = columns.upperBound
    }
    return outputs
  }
}

/// down(silu(gate(x)) ⊙ up(x))
struct SwiGLU {
  let gate: Linear
  let up: Linear
  let down: Linear

  init(_ scope: ParameterScope, width: Int, intermediate: Int, bias: Bool) throws {
    gate = try scope.linear("gate_proj", from: width, to: intermediate, bias: bias)
    up = try scope.linear("up_proj", from: width, to: intermediate, bias: bias)
    down = try scope.linear(
      "down_proj", from: intermediate, to: width, bias: bias, role: .residualProjection)
  }

  /// residual + what it makes of x
  func callAsFunction(_ x: Tensor, addedTo residual: Tensor) -> Tensor {
    down(swiGLU(Linear.outputs(of: [gate, up], for: x)), addedTo: residual)
  }
}
