/// Layers: products with weights in float32 or bfloat16. For bfloat16 weights what they are multiplied with is rounded
/// to bfloat16, forwards and backwards; sums are float32.
extension CUDADevice {
  /// The outputs in float32 of several layers for the same x.
  /// - Parameter residual: what the output of a single layer is added to.
  func linear(
    _ x: Tensor, _ layers: [(weight: Tensor, bias: Tensor?)], addedTo residual: Tensor? = nil,
    into outputs: [Tensor]
  ) {
    var narrow: DeviceOperand?
    for ((weight, bias), y) in zip(layers, outputs) {
      if let residual, bias == nil, hold(x, weight, addedTo: residual, into: y) { continue }
      let isNarrow = weight.dtype == .bfloat16
      let input = isNarrow ? narrow ?? operand(x, narrow: true) : operand(x, narrow: false)
      if isNarrow { narrow = input }
      product(input, weight, rows: x.rows, addedTo: residual, bias: bias, into: y)
    }
  }

  /// x · weightᵀ with what is added to it.
  func product(
    _ x: DeviceOperand, _ weight: Tensor, rows: Int, addedTo residual: Tensor?, bias: Tensor? = nil,
    into y: Tensor
  ) {
    multiply(
      DeviceProduct(m: rows, n: y.columns, k: weight.columns, transposeB: true), x,
      operand(weight, narrow: false), into: y, adding: residual, bias: bias)
  }

  /// The gradients of x, the weight and, as input 2, the bias.
  func linearBackward(_ step: BackwardStep, hasBias: Bool) {
    let (x, weight, g) = (step.inputs[0], step.inputs[1], step.gradient)
    let isNarrow = weight.dtype == .bfloat16
    let slope = operand(g, narrow: isNarrow)
    passBack(step, slope, [weight], x)
    if hasBias {
      step.accumulateSparsely(2) { addColumnSums(of: g, 0..<g.columns, to: $0) }
    }
  }

  // MARK: Layers side by side

  /// The outputs of several layers for the same x, one beside the other and without biases: [n, Σ out], in the form of
  /// the weights.
  func joinedLinear(_ x: Tensor, _ weights: [Tensor]) -> Tensor {
    let (dtype, width) = (weights[0].dtype, weights.reduce(0) { $0 + $1.shape[0] })
    let y = Tensor(uninitialized: [x.rows, width], dtype: dtype, on: self)
    let input = operand(x, narrow: dtype == .bfloat16)
    for run in Self.runs(of: weights) {
      multiply(
        DeviceProduct(m: x.rows, n: run.columns.count, k: x.columns, transposeB: true), input,
        operand(run.first, narrow: false), into: y, from: run.columns.lowerBound, stride: width)
    }
    return y.recording([x] + weights) { [self] step in
      passBack(
        step, operand(step.gradient, narrow: dtype == .bfloat16), Array(step.inputs.dropFirst()),
        step.inputs[0])
    }
  }

  /// The gradients of x, input 0, and of the weights behind it.
  /// - Parameter slope: of the outputs side by side.
  private func passBack(_ step: BackwardStep, _ slope: DeviceOperand, _ weights: [Tensor], _ x: Tensor) {
    let (n, width, joined) = (x.rows, x.columns, weights.reduce(0) { $0 + $1.shape[0] })
    step.accumulate(0) { gradient, beta in  // dx = g · weight
      for (index, run) in Self.runs(of: weights).enumerated() {
        multiply(
          DeviceProduct(m: n, n: width, k: run.columns.count, beta: index == 0 ? beta : 1),
          slope.columns(from: run.columns.lowerBound, stride: joined), operand(run.first, narrow: false),
          into: gradient)
      }
    }
    var input: DeviceOperand?
    var start = 0
    for (index, weight) in weights.enumerated() {
      let out = weight.shape[0]
      step.accumulate(1 + index) { gradient, beta in  // dweight = gᵀ · x
        let x = input ?? operand(x, narrow: slope.isNarrow)
        input = x
        multiply(
          DeviceProduct(m: out, n: width, k: n, transposeA: true, beta: beta),
          slope.columns(from: start, stride: joined), x, into: gradient)
      }
      start += out
    }
  }

  /// Weights that lie one behind the other in memory, as one matrix, and the columns of the outputs they give.
  static func runs(of weights: [Tensor]) -> [(first: Tensor, columns: Range<Int>)] {
    var runs: [(first: Tensor, columns: Range<Int>)] = []
    var end: UInt64 = 0
    var start = 0
    for weight in weights {
      let out = weight.shape[0]
      if let last = runs.last, weight.address == end {
        runs[runs.count - 1].columns = last.columns.lowerBound..<start + out
      } else {
        runs.append((weight, start..<start + out))
      }
      end = weight.address + UInt64(weight.byteCount)
      start += out
    }
    return runs
  }

  // MARK: Low-rank updates

  /// base + factor · (x downᵀ) upᵀ in the memory of `base`.
  /// - Parameters:
  ///   - base: in float32 or bfloat16; in bfloat16 products are of rounded numbers.
  ///   - columns: those of `base` that the update is for.
  func adding(_ update: LowRankUpdate, of x: Tensor, to base: Tensor, columns: Range<Int>) -> Tensor {
    let (down, up, factor) = (update.down, update.up, update.factor)
    let (n, width, out, rank) = (x.rows, down.shape[1], up.shape[0], down.shape[0])
    let (start, stride) = (columns.lowerBound, base.columns)
    let isNarrow = x.dtype == .bfloat16 || base.dtype == .bfloat16
    let narrow = Tensor(uninitialized: [n, rank], on: self)  // factor · x downᵀ
    multiply(
      DeviceProduct(m: n, n: rank, k: width, transposeB: true), operand(x, narrow: isNarrow),
      operand(down, narrow: isNarrow), into: narrow)
    narrow.scaleInPlace(by: factor)
    multiply(
      DeviceProduct(m: n, n: out, k: rank, transposeB: true, beta: 1), operand(narrow, narrow: isNarrow),
      operand(up, narrow: isNarrow), into: base, from: start, stride: stride)
    return base.detached().recording([base, x, down, up]) { [self] step in
      let (x, down, up) = (step.inputs[1], step.inputs[2], step.inputs[3])
      let g = operand(step.gradient, narrow: isNarrow).columns(from: start, stride: stride)
      if step.needs(1) || step.needs(2) {
        let slope = Tensor(uninitialized: [n, rank], on: self)  // factor · g up
        multiply(DeviceProduct(m: n, n: rank, k: out), g, operand(up, narrow: isNarrow), into: slope)
        slope.scaleInPlace(by: factor)
        let operandOfSlope = operand(slope, narrow: isNarrow)
        step.accumulate(1) { gradient, beta in  // dx = slope · down
          multiply(
            DeviceProduct(m: n, n: width, k: rank, beta: beta), operandOfSlope,
            operand(down, narrow: isNarrow), into: gradient)
        }
        step.accumulate(2) { gradient, beta in  // ddown = slopeᵀ · x
          multiply(
            DeviceProduct(m: rank, n: width, k: n, transposeA: true, beta: beta), operandOfSlope,
            operand(x, narrow: isNarrow), into: gradient)
        }
      }
      step.accumulate(3) { gradient, beta in  // dup = gᵀ · narrow
        multiply(
          DeviceProduct(m: out, n: rank, k: n, transposeA: true, beta: beta), g,
          operand(narrow, narrow: isNarrow), into: gradient)
      }
      step.handOn(to: 0)
    }
  }
}
