/// What tilings in the GPU's memory were made from.
struct AttentionTilingKey: Equatable {
  enum Purpose: Equatable {
    case forward, queries
    /// Rows of the keys, and how many a block has.
    case keys(Int, of: Int)
  }
  let layout: SegmentLayout
  let group: Int, kvHeads: Int
  let purpose: Purpose
}

/// A tiling in the GPU's memory.
struct StoredTiling {
  let tiles: KeptNumbers, spans: KeptNumbers, merges: KeptNumbers
  let tileCount: Int, mergeCount: Int, slots: Int
  var parts: [KeptNumbers] { [tiles, spans, merges] }
}

extension CUDADevice {
  /// Attention by a segment layout; keys and values may be in bfloat16 where no gradient is wanted of them.
  /// - Parameter precision: bfloat16: the products are of rounded numbers, on tensor cores; so they are for keys and
  ///   values in bfloat16.
  func attention(
    _ q: Tensor, _ k: Tensor, _ v: Tensor, shape: AttentionShape, scale: Float, layout: SegmentLayout,
    precision: DType
  ) -> Tensor {
    precondition(
      shape.width <= 128, "attention on a GPU is for heads of up to 128 elements, not \(shape.width)")
    let out = Tensor(uninitialized: q.shape, on: self)
    let sums = Tensor(uninitialized: [shape.kvHeads, q.rows, shape.group], on: self)
    attend(q, k, v, shape, scale, layout, precision, out, sums)
    return out.recording([q, k, v]) { [self, saved = out.detached()] step in
      attendBackward(step, saved, sums, shape, scale, layout, precision)
    }
  }

  private func attend(
    _ q: Tensor, _ k: Tensor, _ v: Tensor, _ shape: AttentionShape, _ scale: Float, _ layout: SegmentLayout,
    _ precision: DType, _ out: Tensor, _ sums: Tensor
  ) {
    let tiling = tiling(layout, shape, .forward)
    let rows = tiling.slots * shape.kvHeads * AttentionTiling.tileRows
    let partials = Storage(bytes: 4 * rows * shape.width, on: self)
    let states = Storage(bytes: 8 * rows, on: self)
    let isNarrow = k.dtype == .bfloat16
    let kernels = AttentionKernels(shape, precision: isNarrow ? .bfloat16 : precision)
    precondition(kernels.onTensorCores || !isNarrow, "keys in bfloat16 with \(shape.group) heads a key head")
    launch(
      "attention" + kernels.suffix + (isNarrow ? "_narrow" : ""), blocks: tiling.tileCount,
      height: shape.kvHeads, threads: kernels.threads, memory: kernels.forwardBytes, .tensor(q),
      .tensor(k),
      .tensor(v), .tensor(out), .tensor(sums), .storage(partials),
      .storage(states), .numbers(tiling.tiles), .numbers(tiling.spans),
      .int(shape.heads), .int(shape.kvHeads), .int(shape.width), .float(scale), .int(q.rows))
    launch(
      "attention_combine", blocks: tiling.mergeCount, height: shape.kvHeads, .storage(partials),
      .storage(states), .tensor(out), .tensor(sums),
      .numbers(tiling.merges),
      .int(shape.heads), .int(shape.kvHeads), .int(shape.width), .int(q.rows))
  }

  private func attendBackward(
    _ step: BackwardStep, _ out: Tensor, _ sums: Tensor, _ shape: AttentionShape, _ scale: Float,
    _ layout: SegmentLayout, _ precision: DType
  ) {
    let kernels = AttentionKernels(shape, precision: precision)
    let (q, k, v, g) = (step.inputs[0], step.inputs[1], step.inputs[2], step.gradient)
    let deltas = Tensor(uninitialized: sums.shape, on: self)
    launch(
      "attention_deltas", blocks: (q.rows * shape.heads + 7) / 8, .tensor(g), .tensor(out),
      .tensor(deltas), .int(shape.heads), .int(shape.kvHeads), .int(shape.width), .int(q.rows))
    if step.needs(0) {
      let dq = Tensor(uninitialized: q.shape, on: self)
      let tiling = tiling(layout, shape, .queries)
      launch(
        "attention_backward_queries" + kernels.suffix, blocks: tiling.tileCount, height: shape.kvHeads,
        threads: kernels.threads, memory: kernels.queryGradientBytes, .tensor(q),
        .tensor(k),
        .tensor(v), .tensor(g), .tensor(sums), .tensor(deltas),
        .tensor(dq), .numbers(tiling.tiles), .numbers(tiling.spans),
        .int(shape.heads),
        .int(shape.kvHeads), .int(shape.width), .float(scale), .int(q.rows))
      step.give(dq, to: 0)
    }
    if step.needs(1) || step.needs(2) {
      let (dk, dv) = (Tensor(uninitialized: k.shape, on: self), Tensor(uninitialized: v.shape, on: self))
      let tiling = tiling(layout, shape, .keys(k.rows, of: kernels.keys))
      launch(
        "attention_backward_keys" + kernels.suffix, blocks: tiling.tileCount, height: shape.kvHeads,
        threads: kernels.threads, memory: kernels.keyGradientBytes, .tensor(q), .tensor(k),
        .tensor(v), .tensor(g), .tensor(sums), .tensor(deltas),
        .tensor(dk), .tensor(dv), .numbers(tiling.tiles),
        .numbers(tiling.spans), .int(shape.heads), .int(shape.kvHeads), .int(shape.width),
        .float(scale), .int(q.rows), .int(k.rows))
      step.give(dk, to: 1)
      step.give(dv, to: 2)
    }
  }

  private func tiling(
    _ layout: SegmentLayout, _ shape: AttentionShape, _ purpose: AttentionTilingKey.Purpose
  ) -> StoredTiling {
    let key = AttentionTilingKey(layout: layout, group: shape.group, kvHeads: shape.kvHeads, purpose: purpose)
    if let step {
      if let known = step.tilings.value(of: key) { return known }
      let tiling = made(key)
      _ = step.tilings.keep(tiling, of: key)
      return tiling
    }
    if let known = tilings.value(of: key) { return known }
    let tiling = made(key)
    tilings.keep(tiling, of: key)?.parts.forEach(release)
    return tiling
  }

  private func made(_ key: AttentionTilingKey) -> StoredTiling {
    if case .keys(let count, let size) = key.purpose {
      let tiling = KeyTiling(key.layout, keyCount: count, tileKeys: size)
      return StoredTiling(
        tiles: kept(tiling.starts), spans: kept(tiling.spans), merges: kept([]), tileCount: tiling.tileCount,
        mergeCount: 0, slots: 0)
    }
    let tiling = AttentionTiling(
      key.layout, group: key.group, kvHeads: key.kvHeads, divided: key.purpose == .forward)
    return StoredTiling(
      tiles: kept(tiling.tiles), spans: kept(tiling.spans), merges: kept(tiling.merges),
      tileCount: tiling.tileCount, mergeCount: tiling.mergeCount, slots: tiling.slots)
  }
}
