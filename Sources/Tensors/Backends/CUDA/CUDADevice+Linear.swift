/// Layers: products with weights in float32 or bfloat16. For bfloat16 weights what they are multiplied with is rounded
/// to bfloat16, forwards and backwards; sums are float32.
extension CUDADevice {
  /// The outputs of several layers for the same x.
  func linear(_ x: Tensor, _ layers: [(weight: Tensor, bias: Tensor?)], into outputs: [Tensor]) {
    let n = x.rows
    var narrow: DeviceOperand?
    for ((weight, bias), y) in zip(layers, outputs) {
      if let bias {
        launch("repeat_row", blocks: n, .tensor(bias), .tensor(y), .int(y.columns))
      }
      let input: DeviceOperand
      if weight.dtype == .bfloat16 {
        input = narrow ?? operand(x, narrow: true)
        narrow = input
      } else {
        input = operand(x, narrow: false)
      }
      multiply(
        DeviceProduct(m: n, n: y.columns, k: x.columns, transposeB: true, beta: bias == nil ? 0 : 1), input,
        operand(weight, narrow: false), into: y)
    }
  }

  func linearBackward(_ step: BackwardStep) {
    let (x, weight, g) = (step.inputs[0], step.inputs[1], step.gradient)
    let (n, width, out) = (x.rows, weight.shape[1], weight.shape[0])
    let isNarrow = weight.dtype == .bfloat16
    let slope = operand(g, narrow: isNarrow)
    step.accumulate(0) { gradient, beta in  // dx = g · weight
      multiply(
        DeviceProduct(m: n, n: width, k: out, beta: beta), slope, operand(weight, narrow: false),
        into: gradient)
    }
    step.accumulate(1) { gradient, beta in  // dweight = gᵀ · x
      multiply(
        DeviceProduct(m: out, n: width, k: n, transposeA: true, beta: beta), slope,
        operand(x, narrow: isNarrow), into: gradient)
    }
    if step.inputs.count > 2 {
      step.accumulateSparsely(2) { addColumnSums(of: g, to: $0) }
    }
  }

  /// base + factor · (x downᵀ) upᵀ in the memory of `base`.
  func adding(_ update: LowRankUpdate, of x: Tensor, to base: Tensor) -> Tensor {
    let (down, up, factor) = (update.down, update.up, update.factor)
    let (n, width, out, rank) = (x.rows, down.shape[1], up.shape[0], down.shape[0])
    let narrow = Tensor(uninitialized: [n, rank], on: self)  // factor · x downᵀ
    multiply(DeviceProduct(m: n, n: rank, k: width, transposeB: true), x, down, into: narrow)
    narrow.scaleInPlace(by: factor)
    multiply(DeviceProduct(m: n, n: out, k: rank, transposeB: true, beta: 1), narrow, up, into: base)
    return base.detached().recording([base, x, down, up]) { [self] step in
      let (x, down, up, g) = (step.inputs[1], step.inputs[2], step.inputs[3], step.gradient)
      step.share(g, with: 0)
      if step.needs(1) || step.needs(2) {
        let slope = Tensor(uninitialized: [n, rank], on: self)  // factor · g up
        multiply(DeviceProduct(m: n, n: rank, k: out), g, up, into: slope)
        slope.scaleInPlace(by: factor)
        step.accumulate(1) { gradient, beta in  // dx = slope · down
          multiply(DeviceProduct(m: n, n: width, k: rank, beta: beta), slope, down, into: gradient)
        }
        step.accumulate(2) { gradient, beta in  // ddown = slopeᵀ · x
          multiply(
            DeviceProduct(m: rank, n: width, k: n, transposeA: true, beta: beta), slope, x, into: gradient)
        }
      }
      step.accumulate(3) { gradient, beta in  // dup = gᵀ · narrow
        multiply(
          DeviceProduct(m: out, n: rank, k: n, transposeA: true, beta: beta), g, narrow, into: gradient)
      }
    }
  }
}
