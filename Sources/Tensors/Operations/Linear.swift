internal import CKernels

/// x [n, in] · weightᵀ [in, out] + bias [out] → [n, out]
///
/// The weight is stored `[out, in]`, as checkpoints store it, in any ``DType``; only a float32 one can have a
/// gradient.
public func linear(_ x: Tensor, weight: Tensor, bias: Tensor? = nil) -> Tensor {
  linear(x, [(weight, bias)])[0]
}

/// residual + x · weightᵀ + bias, which on a GPU is one product.
public func linear(_ x: Tensor, weight: Tensor, bias: Tensor?, addedTo residual: Tensor) -> Tensor {
  guard let device = x.device else { return add(residual, linear(x, weight: weight, bias: bias)) }
  check(x, weight, bias)
  precondition(
    residual.shape == [x.rows, weight.shape[0]],
    "linear: an output [\(x.rows), \(weight.shape[0])] added to \(residual.shape)")
  let y = Tensor(uninitialized: residual.shape, on: device)
  device.linear(x, [(weight, bias)], addedTo: residual, into: [y])
  let inputs = [x, weight] + (bias.map { [$0] } ?? []) + [residual]
  return y.recording(inputs) { step in
    device.linearBackward(step, hasBias: bias != nil)
    step.handOn(to: inputs.count - 1)
  }
}

/// The same x through several layers, which costs less than one after the other.
public func linear(_ x: Tensor, _ layers: [(weight: Tensor, bias: Tensor?)]) -> [Tensor] {
  let n = x.rows
  let outputs = layers.map { weight, bias in
    check(x, weight, bias)
    return Tensor(uninitialized: [n, weight.shape[0]], on: x.device)
  }
  if let device = x.device {
    device.linear(x, layers, into: outputs)
  } else {
    for (layer, y) in zip(layers, outputs) {
      guard let bias = layer.bias else { continue }
      for row in 0..<n { (y.pointer + row * y.columns).update(from: bias.pointer, count: y.columns) }
    }
    WeightMatrix.multiply(
      x.pointer, rows: n,
      into: zip(layers, outputs).map { layer, y in
        WeightMatrix.Output(weight: WeightMatrix(layer.weight), y: y.pointer, accumulate: layer.bias != nil)
      })
  }
  return zip(layers, outputs).map { layer, y in
    y.recording([x, layer.weight] + (layer.bias.map { [$0] } ?? []), linearBackward)
  }
}

private func check(_ x: Tensor, _ weight: Tensor, _ bias: Tensor?) {
  precondition(
    x.shape.count == 2 && weight.shape.count == 2 && x.columns == weight.columns,
    "linear: input \(x.shape) does not match weight [out, in] \(weight.shape)")
  precondition(
    bias.map { $0.count == weight.shape[0] } ?? true,
    "linear: a bias of shape \(bias?.shape ?? []) for \(weight.shape[0]) output columns")
}

private func linearBackward(_ step: BackwardStep) {
  let (x, weight, g) = (step.inputs[0], step.inputs[1], step.gradient)
  if let device = g.device { return device.linearBackward(step, hasBias: step.inputs.count > 2) }
  let (n, width, out) = (x.shape[0], weight.shape[1], weight.shape[0])
  step.accumulate(0) { gradient, beta in  // dx = g · weight
    WeightMatrix(weight).multiplyTransposed(g.pointer, rows: n, into: gradient.pointer, accumulate: beta != 0)
  }
  step.accumulate(1) { gradient, beta in  // dweight = gᵀ · x
    MatrixProduct(m: out, n: width, k: n, transposeA: true, beta: beta)
      .onAllThreads(g.pointer, out, x.pointer, width, gradient.pointer, width)
  }
  if step.inputs.count > 2 {
    step.accumulateSparsely(2) { gradient in
      ck_add_column_sums(g.pointer, n, out, out, gradient.pointer)
    }
  }
}
