internal import CKernels

/// A change of rank r to a weight matrix: factor · up · down (Hu et al., "LoRA", equation 3).
public struct LowRankUpdate {
  public let down: Tensor  // [r, in]
  public let up: Tensor  // [out, r]
  /// α / r
  public let factor: Float

  /// - Precondition: both are float32 matrices that agree on r.
  public init(down: Tensor, up: Tensor, factor: Float) {
    precondition(
      down.shape.count == 2 && up.shape.count == 2 && down.shape[0] == up.shape[1],
      "a low-rank update of [r, in] \(down.shape) and [out, r] \(up.shape)")
    self.down = down
    self.up = up
    self.factor = factor
  }

  /// The changed matrix in float32, in memory of its own: weight + factor · up · down.
  public func added(to weight: Tensor) -> Tensor {
    precondition(
      weight.shape == [up.shape[0], down.shape[1]],
      "a low-rank update of \(up.shape[0]) x \(down.shape[1]) for the weight \(weight.shape)")
    let sum = weight.dtype == .float32 ? weight.copied() : weight.inFloat32()
    let scaled = scale(up.detached(), by: factor)
    if let device = sum.device {
      device.multiply(
        DeviceProduct(m: scaled.rows, n: down.columns, k: scaled.columns, beta: 1), scaled, down, into: sum)
      return sum
    }
    WeightMatrix(down).multiplyTransposed(
      scaled.pointer, rows: scaled.rows, into: sum.pointer, accumulate: true)
    return sum
  }
}

/// base + factor · (x downᵀ) upᵀ → [n, out], where `base` is what `linear` made of the same x.
///
/// The sum takes the memory of `base`, which must not be used any more. The weight behind it may be in any
/// ``DType``: gradients of x, down and up pass it without touching it.
public func adding(_ update: LowRankUpdate, of x: Tensor, to base: Tensor) -> Tensor {
  let (down, up, factor) = (update.down, update.up, update.factor)
  let (n, width, out, rank) = (x.rows, down.shape[1], up.shape[0], down.shape[0])
  precondition(
    width == x.columns && out == base.columns,
    "adding: a low-rank update of \(out) x \(width) for \(base.columns) outputs of \(x.columns) inputs")
  if let device = x.device {
    return device.adding(update, of: x, to: base, columns: 0..<out)
  }
  let narrow = Tensor(uninitialized: [n, rank])  // factor · x downᵀ
  WeightMatrix(down).multiply(x.pointer, rows: n, into: narrow.pointer, accumulate: false)
  narrow.scaleInPlace(by: factor)
  // The base's output is nobody else's, and its backward pass does not read it: the sum takes its place.
  WeightMatrix(up).multiply(narrow.pointer, rows: n, into: base.pointer, accumulate: true)
  return base.detached().recording([base, x, down, up]) { step in
    let (x, down, up, g) = (step.inputs[1], step.inputs[2], step.inputs[3], step.gradient)
    step.share(g, with: 0)
    if step.needs(1) || step.needs(2) {
      let slope = Tensor(uninitialized: [n, rank])  // factor · g up
      WeightMatrix(up).multiplyTransposed(g.pointer, rows: n, into: slope.pointer, accumulate: false)
      slope.scaleInPlace(by: factor)
      step.accumulate(1) { gradient, beta in  // dx = slope · down
        WeightMatrix(down).multiplyTransposed(
          slope.pointer, rows: n, into: gradient.pointer, accumulate: beta != 0)
      }
      step.accumulate(2) { gradient, beta in  // ddown = slopeᵀ · x
        MatrixProduct(m: rank, n: width, k: n, transposeA: true, beta: beta)
          .onAllThreads(slope.pointer, rank, x.pointer, width, gradient.pointer, width)
      }
    }
    step.accumulate(3) { gradient, beta in  // dup = gᵀ · narrow
      MatrixProduct(m: out, n: rank, k: n, transposeA: true, beta: beta)
        .onAllThreads(g.pointer, out, narrow.pointer, rank, gradient.pointer, rank)
    }
  }
}
