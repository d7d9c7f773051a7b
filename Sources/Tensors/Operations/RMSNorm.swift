internal import CKernels

/// x · weight / √(mean(x²) + epsilon) for each row of x [n, d]; weight [d]
/// - Parameter precision: the form of the result on a GPU, for those who round it anyway: float32 or bfloat16; in the
///   processor's memory it is float32.
public func rmsNorm(_ x: Tensor, weight: Tensor, epsilon: Float, precision: DType = .float32) -> Tensor {
  let (n, d) = (x.rows, x.columns)
  precondition(weight.count == d, "rmsNorm: weight \(weight.shape) for rows of \(d) columns")
  let y = Tensor(uninitialized: x.shape, dtype: x.device == nil ? .float32 : precision, on: x.device)
  let inverse = Tensor(uninitialized: [n], on: x.device)  // 1 / √(mean(x²) + epsilon) of each row
  if let device = x.device {
    device.rmsNorm(x, weight: weight, epsilon: epsilon, into: y, inverse)
    return y.recording([x, weight]) { step in
      let (x, weight, g) = (step.inputs[0], step.inputs[1], step.gradient)
      step.accumulate(0) { gradient, beta in
        device.rmsNormBackward(x, weight: weight, inverse, g, into: gradient, keeping: beta)
      }
      step.accumulateSparsely(1) { gradient in
        device.addNormWeightSlope(x, means: nil, inverse, g, to: gradient)
      }
    }
  }
  Parallel.ranges(of: n, cost: 2 * d) { rows in
    let start = rows.lowerBound
    ck_rms_norm(
      x.pointer + start * d, weight.pointer, epsilon, y.pointer + start * d, inverse.pointer + start,
      rows.count, d)
  }
  return y.recording([x, weight]) { step in
    let (x, weight, g) = (step.inputs[0], step.inputs[1], step.gradient)
    if step.needs(0) {
      let dx = Tensor(uninitialized: x.shape)
      Parallel.ranges(of: n, cost: 3 * d) { rows in
        let start = rows.lowerBound
        ck_rms_norm_backward_input(
          x.pointer + start * d, weight.pointer, inverse.pointer + start, g.pointer + start * d,
          dx.pointer + start * d, rows.count, d)
      }
      step.give(dx, to: 0)
    }
    step.accumulateSparsely(1) { gradient in
      ck_rms_norm_backward_weight(x.pointer, inverse.pointer, g.pointer, gradient.pointer, n, d)
    }
  }
}
