internal import CKernels

/// Rotary position embedding in the rotate-half form, for each head of x [n, heads · headDim]:
/// y₁ = x₁ cos₁ − x₂ sin₁, y₂ = x₂ cos₂ + x₁ sin₂ with the halves of a head as 1 and 2.
///
/// `cosines` and `sines` are constants of shape [n, headDim].
public func rotary(_ x: Tensor, cosines: Tensor, sines: Tensor, heads: Int) -> Tensor {
  let n = x.rows
  precondition(
    heads > 0 && x.columns % heads == 0 && (x.columns / heads).isMultiple(of: 2),
    "rotary: \(x.columns) columns do not make \(heads) heads of even width")
  let width = x.columns / heads
  precondition(
    cosines.shape == [n, width] && sines.shape == [n, width],
    "rotary: cosines \(cosines.shape) and sines \(sines.shape) must be \([n, width])")
  let y = Tensor(uninitialized: x.shape, on: x.device)
  if let device = x.device {
    device.rotary("rotary", x, cosines, sines, heads: heads, into: y)
    return y.recording([x]) { [cosines = cosines.detached(), sines = sines.detached()] step in
      let dx = Tensor(uninitialized: step.inputs[0].shape, on: device)
      device.rotary("rotary_backward", step.gradient, cosines, sines, heads: heads, into: dx)
      step.give(dx, to: 0)
    }
  }
  Parallel.ranges(of: n, cost: 2 * x.columns) { rows in
    let (start, angle) = (rows.lowerBound * heads * width, rows.lowerBound * width)
    ck_rotary(
      x.pointer + start, cosines.pointer + angle, sines.pointer + angle, y.pointer + start, rows.count,
      heads, width)
  }
  return y.recording([x]) { [cosines = cosines.detached(), sines = sines.detached()] step in
    let (g, dx) = (step.gradient, Tensor(uninitialized: step.inputs[0].shape))
    Parallel.ranges(of: n, cost: 2 * heads * width) { rows in
      let (start, angle) = (rows.lowerBound * heads * width, rows.lowerBound * width)
      ck_rotary_backward(
        g.pointer + start, cosines.pointer + angle, sines.pointer + angle, dx.pointer + start, rows.count,
        heads, width)
    }
    step.give(dx, to: 0)
  }
}
