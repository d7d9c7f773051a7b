internal import CKernels

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The cosines and sines of positions times frequencies: [rows, 2 · frequencies] each, the second half repeating the
/// first, as the rotate-half form takes them.
/// - Parameters:
///   - positions: a list of rows for every kind of position.
///   - kinds: of every frequency the kind of position it turns with.
///   - device: the GPU that computes them; nil for the processor.
public func rotaryAngles(
  positions: [[Int]], kinds: [Int], frequencies: [Float], on device: CUDADevice?
) -> (cosines: Tensor, sines: Tensor) {
  let (rows, half) = (positions.first?.count ?? 0, frequencies.count)
  precondition(
    kinds.count == half && kinds.allSatisfy(positions.indices.contains)
      && positions.allSatisfy { $0.count == rows },
    "rotaryAngles: \(positions.count) kinds of positions for frequencies of the kinds \(kinds)")
  let shape = [rows, 2 * half]
  let (cosines, sines) = (Tensor(uninitialized: shape, on: device), Tensor(uninitialized: shape, on: device))
  if let device {
    device.rotaryAngles(
      positions.flatMap { $0.map { Int32(truncatingIfNeeded: $0) } }, kinds.map(Int32.init), frequencies,
      into: cosines, sines)
    return (cosines, sines)
  }
  for row in 0..<rows {
    let (cosine, sine) = (cosines.pointer + row * 2 * half, sines.pointer + row * 2 * half)
    for frequency in 0..<half {
      // The product is rounded to float32 before the cosine, as the reference implementation does it.
      let angle = Float(positions[kinds[frequency]][row]) * frequencies[frequency]
      let (c, s) = (cosf(angle), sinf(angle))
      (cosine[frequency], cosine[half + frequency]) = (c, c)
      (sine[frequency], sine[half + frequency]) = (s, s)
    }
  }
  return (cosines, sines)
}

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
    device.rotary(x, cosines, sines, heads: heads, into: y)
    return y.recording([x]) { [cosines = cosines.detached(), sines = sines.detached()] step in
      let dx = Tensor(uninitialized: step.inputs[0].shape, on: device)
      device.rotaryBackward(step.gradient, cosines, sines, heads: heads, into: dx)
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
