internal import CKernels

/// a + b, same shape
public func add(_ a: Tensor, _ b: Tensor) -> Tensor {
  let y = pairwise("add", a, b) { ck_add($0, $1, $2, $3) }
  return y.recording([a, b]) { step in
    step.share(step.gradient, with: 0)
    step.share(step.gradient, with: 1)
  }
}

/// a − b, same shape
public func subtract(_ a: Tensor, _ b: Tensor) -> Tensor {
  let y = pairwise("subtract", a, b) { ck_subtract($0, $1, $2, $3) }
  return y.recording([a, b]) { step in
    step.share(step.gradient, with: 0)
    if step.needs(1) {
      step.give(map("scale", step.gradient, [-1]) { ck_scale($0, -1, $1, $2) }, to: 1)
    }
  }
}

/// a · b element by element, same shape
public func multiply(_ a: Tensor, _ b: Tensor) -> Tensor {
  let y = pairwise("multiply", a, b) { ck_multiply($0, $1, $2, $3) }
  return y.recording([a, b]) { step in
    for (index, other) in [(0, step.inputs[1]), (1, step.inputs[0])] where step.needs(index) {
      step.give(
        pairwise("multiply", step.gradient, other) { ck_multiply($0, $1, $2, $3) }, to: index)
    }
  }
}

/// x · factor
public func scale(_ x: Tensor, by factor: Float) -> Tensor {
  let y = map("scale", x, [factor]) { ck_scale($0, factor, $1, $2) }
  return y.recording([x]) { step in
    step.give(map("scale", step.gradient, [factor]) { ck_scale($0, factor, $1, $2) }, to: 0)
  }
}

/// eˣ
public func exp(_ x: Tensor) -> Tensor {
  let y = map("exponential", x, cost: 8) { ck_exp($0, $1, $2) }
  return y.recording([x]) { [saved = y.detached()] step in
    step.give(pairwise("multiply", step.gradient, saved) { ck_multiply($0, $1, $2, $3) }, to: 0)
  }
}

/// x limited to `lower ... upper`; where it is limited, no gradient passes.
public func clamp(_ x: Tensor, lower: Float, upper: Float) -> Tensor {
  precondition(lower <= upper, "clamp: the range \(lower) … \(upper) is empty")
  let y = map("clamp", x, [lower, upper]) { ck_clamp($0, lower, upper, $1, $2) }
  return y.recording([x]) { step in
    step.give(
      pairwise("clamp_backward", step.inputs[0], step.gradient, [lower, upper]) {
        ck_clamp_backward($0, lower, upper, $1, $2, $3)
      },
      to: 0)
  }
}

/// The smaller of a and b, same shape; where they are equal the gradient goes to a.
public func minimum(_ a: Tensor, _ b: Tensor) -> Tensor {
  let y = pairwise("minimum", a, b) { ck_minimum($0, $1, $2, $3) }
  return y.recording([a, b]) { step in
    let (a, b, g) = (step.inputs[0], step.inputs[1], step.gradient)
    let da = step.needs(0) ? Tensor(uninitialized: a.shape, on: a.device) : nil
    let db = step.needs(1) ? Tensor(uninitialized: b.shape, on: b.device) : nil
    if let device = a.device {
      device.pairwiseSlopes("minimum_backward", a, b, g, da, db)
    } else {
      ck_minimum_backward(a.pointer, b.pointer, g.pointer, da?.pointer, db?.pointer, a.count)
    }
    if let da { step.give(da, to: 0) }
    if let db { step.give(db, to: 1) }
  }
}

/// A new tensor of x's shape, each element from one of x. `body` gets input, output and count.
/// - Parameters:
///   - kernel: what does the same on a GPU, with `constants` behind input, output and count.
func map(
  _ kernel: String, _ x: Tensor, _ constants: [Float] = [], cost: Int = 1,
  _ body: (UnsafePointer<Float>, UnsafeMutablePointer<Float>, Int) -> Void
) -> Tensor {
  let y = Tensor(uninitialized: x.shape, on: x.device)
  if let device = x.device {
    device.map(kernel, [x], to: y, constants)
    return y
  }
  let (source, target) = (x.pointer, y.pointer)
  Parallel.ranges(of: x.count, cost: cost) { range in
    body(source + range.lowerBound, target + range.lowerBound, range.count)
  }
  return y
}

/// A new tensor of a's shape, each element from one of a and one of b; `kernel` as for `map`.
func pairwise(
  _ kernel: String, _ a: Tensor, _ b: Tensor, _ constants: [Float] = [], cost: Int = 1,
  _ body: (UnsafePointer<Float>, UnsafePointer<Float>, UnsafeMutablePointer<Float>, Int) -> Void
) -> Tensor {
  precondition(a.shape == b.shape, "\(kernel): the shapes \(a.shape) and \(b.shape) differ")
  let y = Tensor(uninitialized: a.shape, on: a.device)
  if let device = a.device {
    device.map(kernel, [a, b], to: y, constants)
    return y
  }
  let (first, second, target) = (a.pointer, b.pointer, y.pointer)
  Parallel.ranges(of: a.count, cost: cost) { range in
    let start = range.lowerBound
    body(first + start, second + start, target + start, range.count)
  }
  return y
}
