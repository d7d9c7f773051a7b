import Tensors

/// y = x Wᵀ + b, with the change of an adapter to W where there is one
struct Linear {
  let weight: Tensor  // [out, in]
  let bias: Tensor?  // [out]
  let update: LowRankUpdate?

  func callAsFunction(_ x: Tensor) -> Tensor {
    Self.outputs(of: [self], for: x)[0]
  }

  /// The outputs of several layers for the same input.
  static func outputs(of layers: [Linear], for x: Tensor) -> [Tensor] {
    zip(layers, linear(x, layers.map { ($0.weight, $0.bias) })).map { layer, y in
      layer.update.map { adding($0, of: x, to: y) } ?? y
    }
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

  func callAsFunction(_ x: Tensor) -> Tensor {
    let inner = Linear.outputs(of: [gate, up], for: x)
    return down(swiGLU(gate: inner[0], up: inner[1]))
  }
}
