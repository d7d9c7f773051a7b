import Tensors

/// y = x Wᵀ + b, with the change of an adapter to W where there is one
struct Linear {
  let weight: Tensor  // [out, in]
  let bias: Tensor?  // [out]
  let update: LowRankUpdate?

  func callAsFunction(_ x: Tensor) -> Tensor {
    guard let update else { return linear(x, weight: weight, bias: bias) }
    return linear(x, weight: weight, bias: bias, lowRank: update)
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
    down(swiGLU(gate: gate(x), up: up(x)))
  }
}
