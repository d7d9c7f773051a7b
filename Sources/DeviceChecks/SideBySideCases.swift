import Tensors

extension OperationCase {
  /// Layers whose outputs lie side by side in one matrix on a GPU, and what takes them apart.
  static var sideBySide: [OperationCase] {
    [
      OperationCase(
        name: "SwiGLU of layers side by side", shapes: [[9, 34], [21, 34], [21, 34], [21], [21]]
      ) {
        swiGLU(SideBySide($0[0], [($0[1], $0[3]), ($0[2], $0[4])]))
      },
      OperationCase(
        name: "a norm, SwiGLU and residual in bfloat16",
        shapes: [[9, 40], [40], [24, 40], [24, 40], [40, 24], [24]], narrow: [2, 3, 4], limit: 1e-2
      ) {
        let normed = rmsNorm($0[0], weight: $0[1], epsilon: 1e-6, precision: .bfloat16)
        let inner = swiGLU(SideBySide(normed, [($0[2], nil), ($0[3], $0[5])]))
        return linear(inner, weight: $0[4], bias: nil, addedTo: $0[0])
      },
      OperationCase(
        name: "low-rank updates of layers side by side",
        shapes: [[9, 40], [24, 40], [24, 40], [4, 40], [24, 4]]
      ) {
        let update = LowRankUpdate(down: $0[3], up: $0[4], factor: 0.5)
        let layers = SideBySide($0[0], [($0[1], nil), ($0[2], nil)])
        return swiGLU(layers.adding(update, of: $0[0], to: 24..<48, 1))
      },
      OperationCase(
        name: "low-rank updates of layers side by side in bfloat16",
        shapes: [[9, 40], [24, 40], [24, 40], [4, 40], [24, 4], [16, 24]], narrow: [1, 2, 5], limit: 1e-2
      ) {
        let update = LowRankUpdate(down: $0[3], up: $0[4], factor: 0.5)
        let layers = SideBySide($0[0], [($0[1], nil), ($0[2], nil)])
        return linear(swiGLU(layers.adding(update, of: $0[0], to: 0..<24, 0)), weight: $0[5])
      },
      OperationCase(name: "linear added to a residual", shapes: [[9, 34], [34, 34], [34]]) {
        linear($0[0], weight: $0[1], bias: $0[2], addedTo: rmsNorm($0[0], weight: $0[2], epsilon: 1e-6))
      },
      // Long enough that its sums are divided among blocks.
      OperationCase(name: "norm of many rows", shapes: [[700, 36], [36]]) {
        rmsNorm($0[0], weight: $0[1], epsilon: 1e-6)
      },
      // Rows of 1004 numbers in bfloat16 do not begin at multiples of 16 bytes.
      OperationCase(
        name: "a large product of rows of odd length", shapes: [[1030, 1004], [1000, 1004]], narrow: [1],
        isRound: true,
        hasGradients: false, limit: 1e-5
      ) {
        linear($0[0], weight: $0[1])
      },
    ] + [false, true].flatMap { [queryKeyValue(narrow: $0), queryKeyValueOfOneLayer(narrow: $0)] }
  }

  private static func angles(_ rows: Int, _ width: Int, like x: Tensor) -> [Tensor] {
    var numbers = CheckNumbers(seed: 7)
    return (0..<2).map { _ in Tensor(numbers.next(rows * width), shape: [rows, width]).moved(to: x.device) }
  }

  private static func attended(
    _ layers: SideBySide, like x: Tensor, heads: Int, kvHeads: Int, narrow: Bool
  ) -> Tensor {
    let angles = angles(9, 16, like: x)
    let (q, k, v) = Tensors.queryKeyValue(
      layers, cosines: angles[0], sines: angles[1], heads: heads, kvHeads: kvHeads)
    return gatherRows(
      attention(
        q, k, v, heads: heads, kvHeads: kvHeads, scale: 0.25, layout: SegmentLayout.windows([0..<4, 4..<9]),
        precision: narrow ? .bfloat16 : .float32), [3, 0, 8, 3])
  }

  private static func queryKeyValue(narrow: Bool) -> OperationCase {
    OperationCase(
      name: "query, key and value" + (narrow ? " in bfloat16" : ""),
      shapes: [[9, 24], [64, 24], [32, 24], [32, 24], [64], [32], [32]], narrow: narrow ? [1, 2, 3] : [],
      limit: narrow ? 1.5e-2 : 2e-5
    ) {
      attended(
        SideBySide($0[0], [($0[1], $0[4]), ($0[2], $0[5]), ($0[3], $0[6])]), like: $0[0], heads: 4,
        kvHeads: 2,
        narrow: narrow)
    }
  }

  private static func queryKeyValueOfOneLayer(narrow: Bool) -> OperationCase {
    OperationCase(
      name: "query, key and value of one layer" + (narrow ? " in bfloat16" : ""),
      shapes: [[9, 24], [96, 24], [96]], narrow: narrow ? [1] : [], limit: narrow ? 1.5e-2 : 2e-5
    ) {
      attended(SideBySide($0[0], [($0[1], $0[2])]), like: $0[0], heads: 2, kvHeads: 2, narrow: narrow)
    }
  }
}
