import Tensors

extension OperationCase {
  /// What a step of generation computes with weights in bfloat16: of few rows, see kernels/thin_product.cu, and of one
  /// more. Columns end within what a warp reads at a time, and outputs within what it computes.
  static var steps: [OperationCase] {
    [1, 9, 24, 64, 65].flatMap { [attention(rows: $0), layers(rows: $0)] }
      + [8, 80].map { generation(rows: 9, width: $0) }
  }

  /// A token each of some sequences behind a prompt, of whose cache the step is not the first to write; one sequence has
  /// tokens of its own there too. The keys are divided among blocks, and of most blocks most sequences see none.
  private static func generation(rows: Int, width: Int) -> OperationCase {
    let (columns, heads, kvHeads, prompt) = (72, 4, 2, 150)
    let outputs = (heads + 2 * kvHeads) * width
    let first = prompt + 140
    let kept = [first + rows, kvHeads * width]
    return OperationCase(
      name: "a token of \(rows) sequences behind a prompt with heads of \(width)",
      shapes: [[rows, columns], [outputs, columns], [outputs], [rows, width], [rows, width], kept, kept],
      narrow: [0, 1, 5, 6], hasGradients: false, isStep: true, limit: 1.5e-2
    ) { inputs in
      let isHere = inputs[0].device == nil
      let cache = inputs[5...].map { isHere ? $0.inFloat32() : $0 }
      let x = isHere ? inputs[0].inFloat32() : inputs[0]
      let (q, k, v) = queryKeyValue(
        SideBySide(x, [(inputs[1], inputs[2])]), cosines: inputs[3], sines: inputs[4], heads: heads,
        kvHeads: kvHeads,
        keeping: KeptKeysAndValues(keys: cache[0], values: cache[1], rows: Array(first..<first + rows)))
      let segments = (0..<rows).map { row in
        let own = row == 0 ? [prompt..<first, first..<first + 1] : [first + row..<first + row + 1]
        return SegmentLayout.Segment(
          queries: row..<row + 1,
          keys: ([0..<prompt] + own).map { SegmentLayout.KeyRange($0, causal: false) })
      }
      guard let layout = try? SegmentLayout(segments: segments, queryCount: rows, keyCount: first + rows)
      else { return x }
      return gatherRows(
        Tensors.attention(
          q, k, v, heads: heads, kvHeads: kvHeads, scale: 0.2, layout: layout, precision: .bfloat16),
        Array(0..<rows))
    }
  }

  /// A norm, queries, keys and values, and an attention over the keys and values that went into a cache.
  private static func attention(rows: Int) -> OperationCase {
    let (columns, heads, kvHeads, width) = (712, 2, 1, 24)
    let outputs = (heads + 2 * kvHeads) * width
    return OperationCase(
      name: "attention of \(rows) tokens in a step",
      shapes: [[rows, columns], [columns], [outputs, columns], [outputs], [rows, width], [rows, width]],
      narrow: [2], hasGradients: false, isStep: true, limit: 1.5e-2
    ) { inputs in
      let normed = rmsNorm(inputs[0], weight: inputs[1], epsilon: 1e-6, precision: .bfloat16)
      let cache = (0..<2).map { _ in
        Tensor(uninitialized: [rows + 5, kvHeads * width], dtype: normed.dtype, on: normed.device)
      }
      let (q, k, v) = queryKeyValue(
        SideBySide(normed, [(inputs[2], inputs[3])]), cosines: inputs[4], sines: inputs[5], heads: heads,
        kvHeads: kvHeads,
        keeping: KeptKeysAndValues(keys: cache[0], values: cache[1], rows: (3..<3 + rows).reversed()))
      let seen = SegmentLayout.KeyRange(3..<3 + rows, causal: false)
      guard
        let layout = try? SegmentLayout(
          segments: [SegmentLayout.Segment(queries: 0..<rows, keys: [seen])], queryCount: rows,
          keyCount: rows + 5)
      else { return normed }
      return gatherRows(
        Tensors.attention(
          q, k, v, heads: heads, kvHeads: kvHeads, scale: 0.05, layout: layout, precision: .bfloat16),
        Array(0..<rows))
    }
  }

  /// A norm, SwiGLU and residual, twice: behind the first comes a norm, behind the second something else.
  private static func layers(rows: Int) -> OperationCase {
    let (columns, inner) = (712, 104)
    return OperationCase(
      name: "layers for \(rows) tokens in a step",
      shapes: [
        [rows, columns], [columns], [inner, columns], [inner, columns], [columns, inner], [inner],
      ],
      narrow: [2, 3, 4], hasGradients: false, isStep: true, limit: 1e-2
    ) { inputs in
      var residual = inputs[0]
      for _ in 0..<2 {
        let normed = rmsNorm(residual, weight: inputs[1], epsilon: 1e-6, precision: .bfloat16)
        let gated = swiGLU(SideBySide(normed, [(inputs[2], nil), (inputs[3], inputs[5])]))
        residual = linear(gated, weight: inputs[4], bias: nil, addedTo: residual)
      }
      return scale(residual, by: 0.5)
    }
  }
}
