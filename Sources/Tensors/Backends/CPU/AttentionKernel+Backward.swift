internal import CKernels

extension AttentionKernel {
  /// From the gradient g of the output, the output and the sums of the forward pass: dq is written, dk and
  /// dv are added to. The scores are computed again, block by block.
  ///
  /// Keys collect gradients from many blocks, so one thread takes all blocks of a key head; with fewer key
  /// heads than threads the blocks are cut into runs with sums of their own, added up in order at the end.
  func backward(
    _ g: UnsafePointer<Float>, out: UnsafePointer<Float>, logSums: UnsafePointer<Float>,
    dq: UnsafeMutablePointer<Float>, dk: UnsafeMutablePointer<Float>, dv: UnsafeMutablePointer<Float>,
    keyCount: Int
  ) {
    let (queries, scores) = plan.largest
    let work = plan.blocks.count * kvHeads * (scores + queries * headDim) * group
    let threads = work < Parallel.worthwhile ? 1 : ComputeThreads.current
    let runs = plan.runs((threads + kvHeads - 1) / kvHeads)
    let size = keyCount * keyStride
    let partial = Storage(count: 2 * size * max(runs.count - 1, 0))
    partial.pointer.update(repeating: 0, count: partial.count)

    Parallel.forEach(runs.count * kvHeads, threads: threads) { item in
      let (run, kvHead) = (item / kvHeads, item % kvHeads)
      let keySums = run == 0 ? dk : partial.pointer + (run - 1) * 2 * size
      let valueSums = run == 0 ? dv : partial.pointer + (run - 1) * 2 * size + size
      let packed = Storage(count: queries * group * headDim)
      let gradient = Storage(count: queries * group * headDim)
      let result = Storage(count: queries * group * headDim)
      let weights = Storage(count: scores * group)
      let slopes = Storage(count: scores * group)
      let dots = Storage(count: queries * group)
      for block in plan.blocks[runs[run]] {
        let sums = logSums + kvHead * queryCount * group + block.queries.lowerBound * group
        pack(q, block, kvHead, scale: scale, into: packed.pointer)
        pack(g, block, kvHead, scale: 1, into: gradient.pointer)
        pack(out, block, kvHead, scale: 1, into: result.pointer)
        for row in 0..<block.queries.count * group {
          let start = row * headDim
          dots.pointer[row] = Float(ck_dot(gradient.pointer + start, result.pointer + start, headDim))
        }
        score(block, kvHead, packed.pointer, against: k, into: weights.pointer)
        score(block, kvHead, gradient.pointer, against: v, into: slopes.pointer)
        forEachPart(block, kvHead) { part in
          hideFutureKeys(part, weights.pointer, block.width)
          let (first, rows) = (part.row * group, part.count * group)
          let start = first * block.width
          ck_exp_rows(weights.pointer + start, rows, part.width, block.width, sums + first)
          ck_softmax_backward_rows(
            weights.pointer + start, slopes.pointer + start, rows, part.width, block.width,
            dots.pointer + first)
        }
        spread(block, kvHead, weights.pointer, times: gradient.pointer, into: valueSums)
        spread(block, kvHead, slopes.pointer, times: packed.pointer, into: keySums)
        weigh(block, kvHead, slopes.pointer, with: k, into: result.pointer)
        unpack(result.pointer, block, kvHead, scale: scale, into: dq)
      }
    }
    for run in 1..<max(runs.count, 1) {
      ck_axpy(1, partial.pointer + (run - 1) * 2 * size, dk, size)
      ck_axpy(1, partial.pointer + (run - 1) * 2 * size + size, dv, size)
    }
  }
}
