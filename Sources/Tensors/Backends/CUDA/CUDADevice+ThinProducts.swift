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
/// Their kernels begin to read weights while earlier kernels of the step are still running, so weights have to be older
/// than the step: its first kernel waits for everything before it.
extension CUDADevice {
  /// A product of a step, of few rows, in bfloat16, without a gradient.
  private struct ThinProduct {
    let x: Tensor
    let tiling: ThinTiling
  }

  /// - Parameters:
  ///   - outputs: of all weights.
  ///   - others: what else is read while earlier kernels are running.
  /// - Returns: nil for a product that is none of these.
  private func thin(
    _ x: Tensor, _ weights: [Tensor], others: [Tensor] = [], outputs: Int, isDivided: Bool
  ) -> ThinProduct? {
    guard step != nil, x.columns.isMultiple(of: 8),
      ([x] + weights).allSatisfy({ $0.dtype == .bfloat16 && $0.address.isMultiple(of: 16) }),
      (weights + others).allSatisfy({ !$0.storage.isOfStep }),
      ([x] + weights + others).allSatisfy({ !$0.requiresGradient })
    else { return nil }
    let shape = ThinTiling.Shape(rows: x.rows, columns: x.columns, outputs: outputs, isDivided: isDivided)
    return tiling(shape).map { ThinProduct(x: x, tiling: $0) }
  }

  /// Every layer asks again for the same few.
  private func tiling(_ shape: ThinTiling.Shape) -> ThinTiling? {
    if let known = thinTilings[shape] { return known }
    let tiling = ThinTiling(shape, on: multiprocessors)
    thinTilings[shape] = .some(tiling)
    return tiling
  }

  private func launch(_ kernel: String, _ product: ThinProduct, _ arguments: [Argument]) {
    let (rows, tiling) = (product.x.rows, product.tiling)
    start(
      "\(kernel)_\(ThinTiling.kernelRows(for: rows))", blocks: tiling.blocks, height: tiling.slices,
      threads: 32 * tiling.warps, memory: tiling.memory(rows: rows), [.tensor(product.x)] + arguments)
  }

  /// - Parameter weight: the first of the matrices, which lie one behind the other.
  private func parts(of product: ThinProduct, _ weight: Tensor, outputs: Int) -> ProductParts {
    let (x, tiling) = (product.x, product.tiling)
    let parts = Storage(bytes: 4 * tiling.slices * x.rows * outputs, on: self)
    launch(
      "thin_product", product,
      [.tensor(weight), .storage(parts), .int(x.rows), .int(x.columns), .int(outputs)]
        + [.int(tiling.sliceWidth)])
    return ProductParts(storage: parts, count: tiling.slices)
  }

  // MARK: Layers side by side

  /// The outputs of layers that lie one behind the other, without biases; nil where the product is none of these.
  func parts(of outputs: JoinedOutputs) -> ProductParts? {
    guard case .layers(let x, let weights) = outputs.form,
      let product = thin(x, weights, outputs: outputs.columns, isDivided: true)
    else { return nil }
    let runs = Self.runs(of: weights)
    return runs.count == 1 ? parts(of: product, runs[0].first, outputs: outputs.columns) : nil
  }

  /// SwiGLU of two layers; nil where their product is none of these.
  func thinSwiGLU(_ outputs: JoinedOutputs) -> Tensor? {
    guard case .layers(let x, let weights) = outputs.form, weights.count == 2,
      weights[0].shape == weights[1].shape,
      let product = thin(
        x, weights, others: outputs.biases.compactMap { $0 }, outputs: outputs.columns, isDivided: false)
    else { return nil }
    let width = weights[0].shape[0]
    let y = Tensor(uninitialized: [x.rows, width], dtype: .bfloat16, on: self)
    launch(
      "thin_swiglu", product,
      weights.map { .tensor($0) } + outputs.biases.map { .tensor($0) }
        + [.tensor(y), .int(x.rows), .int(x.columns), .int(width)])
    return y
  }

  // MARK: What ends a block and the norm behind it

  /// Waits with a product until it is known what comes next.
  /// - Returns: false for one that is none of these.
  func hold(_ x: Tensor, _ weight: Tensor, addedTo residual: Tensor, into sum: Tensor) -> Bool {
    guard thin(x, [weight], outputs: sum.columns, isDivided: true) != nil else { return false }
    finishHeld()
    held = HeldProduct(x: x, weight: weight, residual: residual, sum: sum)
    return true
  }

  /// The norm of a product's sum that has been waiting for it, and the sum.
  /// - Returns: false when none has.
  func normHeld(_ x: Tensor, weight: Tensor, epsilon: Float, into y: Tensor, _ inverses: Tensor) -> Bool {
    guard let held, held.sum.storage === x.storage, held.sum.shape == x.shape, y.dtype == .bfloat16,
      let product = thin(held.x, [held.weight], others: [weight], outputs: x.columns, isDivided: true)
    else { return false }
    self.held = nil
    let parts = parts(of: product, held.weight, outputs: x.columns)
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
