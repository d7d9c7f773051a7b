internal import CKernels

/// x · sigmoid(x)
public func silu(_ x: Tensor) -> Tensor {
  let y = map("silu", x, cost: 8) { ck_silu($0, $1, $2) }
  return y.recording([x]) { step in
    step.give(
      pairwise("silu_backward", step.inputs[0], step.gradient, cost: 8) { ck_silu_backward($0, $1, $2, $3) },
      to: 0)
  }
}

/// x · Φ(x) with the exact normal distribution function, not its tanh approximation
public func gelu(_ x: Tensor) -> Tensor {
  let y = map("gelu", x, cost: 32) { ck_gelu($0, $1, $2) }
  return y.recording([x]) { step in
    step.give(
      pairwise("gelu_backward", step.inputs[0], step.gradient, cost: 32) { ck_gelu_backward($0, $1, $2, $3) },
      to: 0)
  }
}

/// silu(gate) · up, same shape
public func swiGLU(gate: Tensor, up: Tensor) -> Tensor {
  precondition(gate.shape == up.shape, "swiGLU: the shapes \(gate.shape) and \(up.shape) differ")
  if let device = gate.device { return device.swiGLU(gate: gate, up: up) }
  let y = pairwise("swiglu", gate, up, cost: 8) { ck_swiglu($0, $1, $2, $3) }
  return y.recording([gate, up]) { step in
    let (gate, up, g) = (step.inputs[0], step.inputs[1], step.gradient)
    let dGate = step.needs(0) ? Tensor(uninitialized: gate.shape) : nil
    let dUp = step.needs(1) ? Tensor(uninitialized: up.shape) : nil
    swiGLUBackward(gate, up, g, dGate, dUp)
    if let dGate { step.give(dGate, to: 0) }
    if let dUp { step.give(dUp, to: 1) }
  }
}

/// The same of what two layers, the gate and the factor, have made of one x.
public func swiGLU(_ inner: SideBySide) -> Tensor {
  switch inner {
  case .apart(let parts): swiGLU(gate: parts[0], up: parts[1])
  case .joined(let outputs): outputs.device.swiGLU(outputs)
  }
}

private func swiGLUBackward(_ gate: Tensor, _ up: Tensor, _ g: Tensor, _ dGate: Tensor?, _ dUp: Tensor?) {
  Parallel.ranges(of: gate.count, cost: 16) { range in
    let start = range.lowerBound
    ck_swiglu_backward(
      gate.pointer + start, up.pointer + start, g.pointer + start,
      dGate.map { $0.pointer + start }, dUp.map { $0.pointer + start }, range.count)
  }
}
