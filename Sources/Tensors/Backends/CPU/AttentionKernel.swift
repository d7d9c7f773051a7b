internal import CKernels
internal import Synchronization

/// Attention of one key head and one block of queries at a time: a few matrix products around row kernels.
///
/// Score rows are ordered by query, then by query head within the group that shares the key head.
struct AttentionKernel {
  let plan: AttentionPlan
  let q: UnsafePointer<Float>, k: UnsafePointer<Float>, v: UnsafePointer<Float>
  let heads: Int, kvHeads: Int, headDim: Int
  let scale: Float
  let queryCount: Int

  /// Query heads per key head.
  var group: Int { heads / kvHeads }
  /// The row strides of queries and of keys.
  var queryStride: Int { heads * headDim }
  var keyStride: Int { kvHeads * headDim }

  /// Writes the output [queryCount, heads · headDim] and the logarithms of the softmax sums
  /// [kvHeads, queryCount, group], which the backward pass needs.
  func forward(_ out: UnsafeMutablePointer<Float>, _ logSums: UnsafeMutablePointer<Float>) {
    let (queries, scores) = plan.largest
    let items = plan.blocks.count * kvHeads
    let work = items * scores * group * 2 * headDim
    let threads = work < 8 * Parallel.worthwhile ? 1 : min(ComputeThreads.current, items)
    let next = Atomic<Int>(0)
    Parallel.forEach(threads, threads: threads) { _ in
      let packed = Storage(count: queries * group * headDim)
      let result = Storage(count: queries * group * headDim)
      let matrix = Storage(count: scores * group)
      while true {
        let item = next.wrappingAdd(1, ordering: .relaxed).oldValue
        if item >= items { return }
        let (block, kvHead) = (plan.blocks[item / kvHeads], item % kvHeads)
        let sums = logSums + kvHead * queryCount * group + block.queries.lowerBound * group
        pack(q, block, kvHead, scale: scale, into: packed.pointer)
        score(block, kvHead, packed.pointer, against: k, into: matrix.pointer)
        forEachPart(block, kvHead) { part in
          hideFutureKeys(part, matrix.pointer, block.width)
          let first = part.row * group
          ck_softmax_rows(
            matrix.pointer + first * block.width, part.count * group, part.width, block.width, sums + first)
        }
        weigh(block, kvHead, matrix.pointer, with: v, into: result.pointer)
        unpack(result.pointer, block, kvHead, into: out)
      }
    }
  }

  // MARK: The products of a block

  /// matrix = rows · keysᵀ for the keys each row of the block may see.
  func score(
    _ block: AttentionPlan.Block, _ kvHead: Int, _ rows: UnsafePointer<Float>,
    against keys: UnsafePointer<Float>, into matrix: UnsafeMutablePointer<Float>
  ) {
    forEachProduct(block, kvHead) { row, count, column, range in
      MatrixProduct(m: count, n: range.count, k: headDim, transposeB: true)(
        rows + row * headDim, headDim, keys + range.lowerBound * keyStride + kvHead * headDim, keyStride,
        matrix + row * block.width + column, block.width)
    }
  }

  /// result = matrix · values over the keys each row of the block may see.
  func weigh(
    _ block: AttentionPlan.Block, _ kvHead: Int, _ matrix: UnsafePointer<Float>,
    with values: UnsafePointer<Float>, into result: UnsafeMutablePointer<Float>
  ) {
    forEachProduct(block, kvHead) { row, count, column, range in
      MatrixProduct(m: count, n: headDim, k: range.count, beta: column == 0 ? 0 : 1)(
        matrix + row * block.width + column, block.width,
        values + range.lowerBound * keyStride + kvHead * headDim, keyStride, result + row * headDim, headDim)
    }
  }

  /// sums[key] += matrixᵀ · rows, for the gradients of keys and values.
  func spread(
    _ block: AttentionPlan.Block, _ kvHead: Int, _ matrix: UnsafePointer<Float>,
    times rows: UnsafePointer<Float>, into sums: UnsafeMutablePointer<Float>
  ) {
    forEachProduct(block, kvHead) { row, count, column, range in
      MatrixProduct(m: range.count, n: headDim, k: count, transposeA: true, beta: 1)(
        matrix + row * block.width + column, block.width, rows + row * headDim, headDim,
        sums + range.lowerBound * keyStride + kvHead * headDim, keyStride)
    }
  }

  /// Calls `body` with first score row, number of score rows, first column and keys of each product: the
  /// shared keys for the whole block, then each part's own ranges.
  private func forEachProduct(
    _ block: AttentionPlan.Block, _ kvHead: Int, _ body: (Int, Int, Int, Range<Int>) -> Void
  ) {
    if !block.shared.isEmpty { body(0, block.queries.count * group, 0, block.shared) }
    forEachPart(block, kvHead) { part in
      var column = block.shared.count
      for index in part.ranges {
        let keys = plan.ranges[index].keys
        body(part.row * group, part.count * group, column, keys)
        column += keys.count
      }
    }
  }

  func forEachPart(_ block: AttentionPlan.Block, _ kvHead: Int, _ body: (AttentionPlan.Part) -> Void) {
    for index in block.parts { body(plan.parts[index]) }
  }

  /// -inf where a causal range hides a key from a query that comes before it.
  func hideFutureKeys(_ part: AttentionPlan.Part, _ matrix: UnsafeMutablePointer<Float>, _ width: Int) {
    var column = part.width
    for index in part.ranges.reversed() {
      let range = plan.ranges[index]
      column -= range.keys.count
      if !range.causal { continue }
      for query in 0..<part.count {
        let visible = range.firstVisible + query
        let hidden = range.keys.count - visible
        if hidden <= 0 { break }
        for row in (part.row + query) * group..<(part.row + query + 1) * group {
          (matrix + row * width + column + visible).update(repeating: -.infinity, count: hidden)
        }
      }
    }
  }

  // MARK: Between packed rows [query, head of the group] and tensors [query, head]

  func pack(
    _ source: UnsafePointer<Float>, _ block: AttentionPlan.Block, _ kvHead: Int, scale: Float,
    into packed: UnsafeMutablePointer<Float>
  ) {
    let width = group * headDim
    for (row, query) in block.queries.enumerated() {
      ck_scale(source + query * queryStride + kvHead * width, scale, packed + row * width, width)
    }
  }

  func unpack(
    _ packed: UnsafePointer<Float>, _ block: AttentionPlan.Block, _ kvHead: Int, scale: Float = 1,
    into target: UnsafeMutablePointer<Float>
  ) {
    let width = group * headDim
    for (row, query) in block.queries.enumerated() {
      ck_scale(packed + row * width, scale, target + query * queryStride + kvHead * width, width)
    }
  }
}
