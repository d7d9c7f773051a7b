/// What tilings in the GPU's memory were made from.
struct AttentionTilingKey: Equatable {
  enum Purpose: Equatable {
    case forward(large: Bool)
    case queries
    /// Rows of the keys, and how many a block has.
    case keys(Int, of: Int)
    /// The same with queries that are divided among blocks.
    case keyParts(Int, of: Int)
  }
  let layout: SegmentLayout
  let group: Int, kvHeads: Int
  let purpose: Purpose
}

/// A tiling in the GPU's memory.
struct StoredTiling {
  let tiles: KeptNumbers, spans: KeptNumbers, merges: KeptNumbers
  let tileCount: Int, mergeCount: Int, slots: Int
  /// Of a tile at most.
  var rows = AttentionTiling.tileRows
  var parts: [KeptNumbers] { [tiles, spans, merges] }
}

extension CUDADevice {
  /// Attention by a segment layout; out and the gradients are in the forms of q, k and v.
  /// - Parameter precision: bfloat16: the products are of rounded numbers, on tensor cores; so they are for inputs in
  ///   bfloat16.
  func attention(
    _ q: Tensor, _ k: Tensor, _ v: Tensor, shape: AttentionShape, scale: Float, layout: SegmentLayout,
    precision: DType
  ) -> Tensor {
    precondition(
      shape.width <= 128, "attention on a GPU is for heads of up to 128 elements, not \(shape.width)")
    let hasNarrow = [q, k, v].contains { $0.dtype == .bfloat16 }
    let kernels = AttentionKernels(
      shape, precision: hasNarrow ? .bfloat16 : precision,
      blockMemory: multiprocessors.blockMemory)
    precondition(
      kernels.onTensorCores || !hasNarrow, "attention in bfloat16 with \(shape.group) heads a key head")
    precondition(scale > 0 || !kernels.onTensorCores, "attention in bfloat16 with scores times \(scale)")
    let sums = Tensor(uninitialized: [shape.kvHeads, q.rows, shape.group], on: self)
    let found: Tensor
    if kernels.onTensorCores {
      found = Tensor(uninitialized: q.shape, dtype: .bfloat16, on: self)
      attend(narrowed(q), narrowed(k), narrowed(v), kernels, scale, layout, found, sums)
    } else {
      found = Tensor(uninitialized: q.shape, on: self)
      attend(q, k, v, kernels, scale, layout, found, sums)
    }
    return inForm(of: q, found).recording([q, k, v]) { [self, saved = found.detached()] step in
      attendBackward(step, saved, sums, kernels, scale, layout)
    }
  }

  /// All in bfloat16 for kernels on tensor cores, otherwise in float32.
  private func attend(
    _ q: Tensor, _ k: Tensor, _ v: Tensor, _ kernels: AttentionKernels, _ scale: Float,
    _ layout: SegmentLayout, _ out: Tensor, _ sums: Tensor
  ) {
    let shape = kernels.shape
    let tiling = tiling(layout, shape, .forward(large: kernels.takesLargeTiles))
    let rows = tiling.slots * shape.kvHeads * AttentionTiling.tileRows
    let partials = Storage(bytes: 4 * rows * kernels.partWidth, on: self)
    let states = Storage(bytes: 8 * rows, on: self)
    let kernel = kernels.forward(rows: tiling.rows)
    // Those on tensor cores read keys from before the step while the kernels in front of them are still running.
    let standing = [k, v].map { step?.writes.firstRow(of: $0) ?? 0 }.min() ?? 0
    start(
      kernel.name, blocks: tiling.tileCount, height: shape.kvHeads, threads: kernel.threads,
      memory: kernel.memory,
      [.tensor(q), .tensor(k), .tensor(v), .tensor(out), .tensor(sums)]
        + [.storage(partials), .storage(states), .numbers(tiling.tiles), .numbers(tiling.spans)]
        + [.int(shape.heads), .int(shape.kvHeads), .int(shape.width), .float(scale), .int(q.rows)]
        + (kernels.onTensorCores ? [.int(standing)] : []))
    // Eight blocks for the rows of a tile.
    launch(
      kernels.combine, blocks: 8 * tiling.mergeCount, height: shape.kvHeads, .storage(partials),
      .storage(states), .tensor(out), .tensor(sums), .numbers(tiling.merges), .int(shape.heads),
      .int(shape.kvHeads), .int(shape.width), .int(q.rows), .int(kernels.partWidth))
  }

  private func attendBackward(
    _ step: BackwardStep, _ out: Tensor, _ sums: Tensor, _ kernels: AttentionKernels, _ scale: Float,
    _ layout: SegmentLayout
  ) {
    let inputs = kernels.onTensorCores ? step.inputs.map(narrowed) : step.inputs
    let g = kernels.onTensorCores ? narrowed(step.gradient) : step.gradient
    let (q, k, v, shape) = (inputs[0], inputs[1], inputs[2], kernels.shape)
    let deltas = Tensor(uninitialized: sums.shape, on: self)
    launch(
      kernels.deltas, blocks: (q.rows * shape.heads + 7) / 8, .tensor(g), .tensor(out), .tensor(deltas),
      .int(shape.heads), .int(shape.kvHeads), .int(shape.width), .int(q.rows))
    if step.needs(0) {
      let dq = Tensor(uninitialized: q.shape, dtype: q.dtype, on: self)
      let tiling = tiling(layout, shape, .queries)
      let kernel = kernels.queryGradients
      launch(
        kernel.name, blocks: tiling.tileCount, height: shape.kvHeads, threads: kernel.threads,
        memory: kernel.memory, .tensor(q), .tensor(k), .tensor(v), .tensor(g), .tensor(sums),
        .tensor(deltas), .tensor(dq), .numbers(tiling.tiles), .numbers(tiling.spans), .int(shape.heads),
        .int(shape.kvHeads), .int(shape.width), .float(scale), .int(q.rows))
      step.give(inForm(of: step.inputs[0], dq), to: 0)
    }
    if step.needs(1) || step.needs(2) {
      let dk = Tensor(uninitialized: k.shape, dtype: k.dtype, on: self)
      let dv = Tensor(uninitialized: v.shape, dtype: v.dtype, on: self)
      if kernels.onTensorCores {
        findKeyGradients(q, k, v, g, sums, deltas, dk, dv, kernels, scale, layout)
      } else {
        let tiling = tiling(layout, shape, .keys(k.rows, of: kernels.keys))
        let kernel = kernels.keyGradients
        launch(
          kernel.name, blocks: tiling.tileCount, height: shape.kvHeads, threads: kernel.threads,
          memory: kernel.memory, .tensor(q), .tensor(k), .tensor(v), .tensor(g), .tensor(sums),
          .tensor(deltas), .tensor(dk), .tensor(dv), .numbers(tiling.tiles), .numbers(tiling.spans),
          .int(shape.heads), .int(shape.kvHeads), .int(shape.width), .float(scale), .int(q.rows),
          .int(k.rows))
      }
      step.give(inForm(of: step.inputs[1], dk), to: 1)
      step.give(inForm(of: step.inputs[2], dv), to: 2)
    }
  }

  /// On tensor cores.
  private func findKeyGradients(
    _ q: Tensor, _ k: Tensor, _ v: Tensor, _ g: Tensor, _ sums: Tensor, _ deltas: Tensor, _ dk: Tensor,
    _ dv: Tensor, _ kernels: AttentionKernels, _ scale: Float, _ layout: SegmentLayout
  ) {
    let (shape, kernel) = (kernels.shape, kernels.keyGradients)
    let tiling = tiling(layout, shape, .keyParts(k.rows, of: kernels.keys))
    // dk and dv of every part.
    let partials = Storage(
      bytes: 4 * 2 * tiling.slots * shape.kvHeads * kernels.keys * shape.width, on: self)
    launch(
      kernel.name, blocks: tiling.tileCount, height: shape.kvHeads, threads: kernel.threads,
      memory: kernel.memory, .tensor(q), .tensor(k), .tensor(v), .tensor(g), .tensor(sums),
      .tensor(deltas), .tensor(dk), .tensor(dv), .storage(partials), .numbers(tiling.tiles),
      .numbers(tiling.spans), .int(shape.heads), .int(shape.kvHeads), .int(shape.width), .float(scale),
      .int(q.rows), .int(k.rows))
    launch(
      "attention_add_key_parts", blocks: 8 * tiling.mergeCount, height: shape.kvHeads, .storage(partials),
      .tensor(dk), .tensor(dv), .numbers(tiling.merges), .int(shape.kvHeads), .int(shape.width),
      .int(k.rows))
  }

  /// A result in the form of what it belongs to.
  private func inForm(of input: Tensor, _ result: Tensor) -> Tensor {
    input.dtype == .float32 && result.dtype == .bfloat16 ? widened(result) : result
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
    // As for lists of rows.
    let gone = tiling.parts.allSatisfy(\.isThere) ? tilings.keep(tiling, of: key) : tiling
    gone?.parts.forEach(release)
    return tiling
  }

  private func made(_ key: AttentionTilingKey) -> StoredTiling {
    switch key.purpose {
    case .keys(let count, let size):
      let tiling = KeyTiling(key.layout, keyCount: count, tileKeys: size)
      return StoredTiling(
        tiles: kept(tiling.starts), spans: kept(tiling.spans), merges: kept([]), tileCount: tiling.tileCount,
        mergeCount: 0, slots: 0)
    case .keyParts(let count, let size):
      let tiling = AttentionKeyParts(
        KeyTiling(key.layout, keyCount: count, tileKeys: size), tileKeys: size, group: key.group,
        kvHeads: key.kvHeads)
      return StoredTiling(
        tiles: kept(tiling.tiles), spans: kept(tiling.spans), merges: kept(tiling.merges),
        tileCount: tiling.tileCount, mergeCount: tiling.mergeCount, slots: tiling.slots)
    case .queries:
      return stored(AttentionTiling(key.layout, group: key.group, kvHeads: key.kvHeads, divided: false))
    case .forward(let large):
      return stored(
        AttentionTiling(key.layout, group: key.group, kvHeads: key.kvHeads, divided: true, large: large))
    }
  }

  private func stored(_ tiling: AttentionTiling) -> StoredTiling {
    StoredTiling(
      tiles: kept(tiling.tiles), spans: kept(tiling.spans), merges: kept(tiling.merges),
      tileCount: tiling.tileCount, mergeCount: tiling.mergeCount, slots: tiling.slots, rows: tiling.rows)
  }
}
