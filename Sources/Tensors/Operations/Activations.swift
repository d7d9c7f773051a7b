internal import CKernels

/// x · sigmoid(x)
public func silu(_ x: Tensor) -> Tensor {
  let y = map(x, cost: 8) { ck_silu($0, $1, $2) }
  return y.recording([x]) { step in
    step.give(
      pairwise("silu", step.inputs[0], step.gradient, cost: 8) { ck_silu_backward($0, $1, $2, $3) }, to: 0)
  }
}

/// x · Φ(x) with the exact normal distribution function, not its tanh approximation
public func gelu(_ x: Tensor) -> Tensor {
  let y = map(x, cost: 32) { ck_gelu($0, $1, $2) }
  return y.recording([x]) { step in
    step.give(
      pairwise("gelu", step.inputs[0], step.gradient, cost: 32) { ck_gelu_backward($0, $1, $2, $3) }, to: 0)
  }
}

/// silu(gate) · up, same shape
public func swiGLU(gate: Tensor, up: Tensor) -> Tensor {
  let y = pairwise("swiGLU", gate, up, cost: 8) { ck_swiglu($0, $1, $2, $3) }
  return y.recording([gate, up]) { step in
    let (gate, up, g) = (step.inputs[0], step.inputs[1], step.gradient)
    let dGate = step.needs(0) ? Tensor(uninitialized: gate.shape) : nil
    let dUp = step.needs(1) ? Tensor(uninitialized: up.shape) : nil
    Parallel.ranges(of: gate.count, cost: 16) { range in
      let start = range.lowerBound
      ck_swiglu_backward(
        gate.pointer + start, up.pointer + start, g.pointer + start,
        dGate.map { $0.pointer + start }, dUp.map { $0.pointer + start }, range.count)
    }
    if let dGate { step.give(dGate, to: 0) }
    if let dUp { step.give(dUp, to: 1) }
  }
}
