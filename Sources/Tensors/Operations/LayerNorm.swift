internal import CKernels

/// (x − mean(x)) / √(variance(x) + epsilon) · weight + bias for each row of x [n, d]; weight and bias [d]
public func layerNorm(_ x: Tensor, weight: Tensor, bias: Tensor, epsilon: Float) -> Tensor {
  let (n, d) = (x.rows, x.columns)
  precondition(
    weight.count == d && bias.count == d,
    "layerNorm: weight \(weight.shape) and bias \(bias.shape) for rows of \(d) columns")
  let y = Tensor(uninitialized: x.shape, on: x.device)
  let (means, inverses) = (Tensor(uninitialized: [n], on: x.device), Tensor(uninitialized: [n], on: x.device))
  if let device = x.device {
    device.layerNorm(x, weight: weight, bias: bias, epsilon: epsilon, into: y, means, inverses)
    return y.recording([x, weight, bias]) { step in
      let (x, weight, g) = (step.inputs[0], step.inputs[1], step.gradient)
      if step.needs(0) {
        step.give(device.layerNormSlope(x, weight: weight, means, inverses, g), to: 0)
      }
      step.accumulateSparsely(1) { device.addNormWeightSlope(x, means: means, inverses, g, to: $0) }
      step.accumulateSparsely(2) { device.addColumnSums(of: g, 0..<d, to: $0) }
    }
  }
  Parallel.ranges(of: n, cost: 4 * d) { rows in
    let start = rows.lowerBound
    ck_layer_norm(
      x.pointer + start * d, weight.pointer, bias.pointer, epsilon, y.pointer + start * d,
      means.pointer + start, inverses.pointer + start, rows.count, d)
  }
  return y.recording([x, weight, bias]) { step in
    let (x, weight, g) = (step.inputs[0], step.inputs[1], step.gradient)
    if step.needs(0) {
      let dx = Tensor(uninitialized: x.shape)
      Parallel.ranges(of: n, cost: 4 * d) { rows in
        let start = rows.lowerBound
        ck_layer_norm_backward_input(
          x.pointer + start * d, weight.pointer, means.pointer + start, inverses.pointer + start,
          g.pointer + start * d, dx.pointer + start * d, rows.count, d)
      }
      step.give(dx, to: 0)
    }
    step.accumulateSparsely(1) { gradient in
      ck_layer_norm_backward_weight(
        x.pointer, means.pointer, inverses.pointer, g.pointer, gradient.pointer, n, d)
    }
    step.accumulateSparsely(2) { gradient in ck_add_column_sums(g.pointer, n, d, d, gradient.pointer) }
  }
}
