/// A product that has been asked for and not been started: who comes next may have a part in it.
struct HeldProduct {
  let x: Tensor, weight: Tensor, residual: Tensor
  /// residual + x · weightᵀ
  let sum: Tensor
}

/// A product's sums in parts, [count, rows, outputs] in float32.
struct ProductParts {
  let storage: Storage
  let count: Int
}

/// Products of few rows in a step of generation, which cost what reading their weights costs: see
/// kernels/thin_product.cu. What comes behind such a product is computed with it, or adds its parts, so that nothing
/// waits for a kernel of its own.
///
/// Their kernels begin to read weights while earlier kernels are still running. In a step nothing writes weights, and
/// before a step began everything had ended: its first kernel, which reads the tokens' embeddings, waits for that.
extension CUDADevice {
  /// Whether a product is one of a step's, of few rows, in bfloat16, without a gradient.
  private func isThin(_ x: Tensor, _ weights: [Tensor]) -> Bool {
    step != nil && x.rows <= ThinTiling.mostRows && x.columns.isMultiple(of: 8)
      && ([x] + weights).allSatisfy {
        $0.dtype == .bfloat16 && !$0.requiresGradient && $0.address.isMultiple(of: 16)
      }
  }

  private func tiling(_ x: Tensor, outputs: Int, isDivided: Bool) -> ThinTiling {
    ThinTiling(
      rows: x.rows, columns: x.columns, outputs: outputs, isDivided: isDivided,
      multiprocessors: multiprocessors)
  }

  private func launch(_ kernel: String, _ tiling: ThinTiling, rows: Int, _ arguments: [Argument]) {
    let kernelRows = ThinTiling.kernelRows(for: rows)
    start(
      "\(kernel)_\(kernelRows)", blocks: tiling.blocks, height: tiling.slices, threads: 32 * tiling.warps,
      memory: ThinTiling.memory(kernelRows: kernelRows), arguments)
  }

  /// - Parameter weight: the first of the matrices, which lie one behind the other.
  private func parts(_ x: Tensor, _ weight: Tensor, outputs: Int) -> ProductParts {
    let tiling = tiling(x, outputs: outputs, isDivided: true)
    let parts = Storage(bytes: 4 * tiling.slices * x.rows * outputs, on: self)
    launch(
      "thin_product", tiling, rows: x.rows,
      [.tensor(x), .tensor(weight), .storage(parts), .int(x.rows), .int(x.columns), .int(outputs)]
        + [.int(tiling.sliceWidth)])
    return ProductParts(storage: parts, count: tiling.slices)
  }

  // MARK: Layers side by side

  /// The outputs of layers that lie one behind the other, without biases; nil where the product is none of these.
  func parts(of outputs: JoinedOutputs) -> ProductParts? {
    guard case .layers(let x, let weights) = outputs.form, isThin(x, weights) else { return nil }
    let runs = Self.runs(of: weights)
    return runs.count == 1 ? parts(x, runs[0].first, outputs: outputs.columns) : nil
  }

  /// SwiGLU of two layers; nil where their product is none of these.
  func thinSwiGLU(_ outputs: JoinedOutputs) -> Tensor? {
    guard case .layers(let x, let weights) = outputs.form, weights.count == 2, isThin(x, weights),
      weights[0].shape == weights[1].shape
    else { return nil }
    let width = weights[0].shape[0]
    let y = Tensor(uninitialized: [x.rows, width], dtype: .bfloat16, on: self)
    launch(
      "thin_swiglu", tiling(x, outputs: 2 * width, isDivided: false), rows: x.rows,
      [.tensor(x), .tensor(weights[0]), .tensor(weights[1])] + outputs.biases.map { .tensor($0) }
        + [.tensor(y), .int(x.rows), .int(x.columns), .int(width)])
    return y
  }

  // MARK: What ends a block and the norm behind it

  /// Waits with a product until it is known what comes next.
  /// - Returns: false for one that is none of these.
  func hold(_ x: Tensor, _ weight: Tensor, addedTo residual: Tensor, into sum: Tensor) -> Bool {
    guard isThin(x, [weight]) else { return false }
    finishHeld()
    held = HeldProduct(x: x, weight: weight, residual: residual, sum: sum)
    return true
  }

  /// The norm of a product's sum that has been waiting for it, and the sum.
  /// - Returns: false when none has.
  func normHeld(_ x: Tensor, weight: Tensor, epsilon: Float, into y: Tensor, _ inverses: Tensor) -> Bool {
    guard let held, held.sum.storage === x.storage, held.sum.shape == x.shape, y.dtype == .bfloat16 else {
      return false
    }
    self.held = nil
    let parts = parts(held.x, held.weight, outputs: x.columns)
    launch(
      "rms_norm_of_parts", blocks: x.rows, threads: x.columns >= 2048 ? 512 : 256,
      .storage(parts.storage), .int(parts.count), .tensor(held.residual), .tensor(x), .tensor(weight),
      .tensor(y), .tensor(inverses), .int(x.columns), .float(epsilon))
    return true
  }

  /// Starts a product that has been waiting as what it is by itself.
  func finishHeld() {
    guard let held else { return }
    self.held = nil
    product(
      operand(held.x, narrow: true), held.weight, rows: held.x.rows, addedTo: held.residual, into: held.sum)
  }
}
