import Tensors

extension OperationCase {
  /// Every operation, at sizes that do not divide evenly among threads, tiles and blocks.
  static var all: [OperationCase] {
    elementwise + rows + layers + sideBySide + attentions + probabilities + drawing + steps
  }

  private static var elementwise: [OperationCase] {
    [
      OperationCase(name: "add", shapes: [[7, 33], [7, 33]]) { add($0[0], $0[1]) },
      OperationCase(name: "subtract", shapes: [[7, 33], [7, 33]]) { subtract($0[0], $0[1]) },
      OperationCase(name: "multiply", shapes: [[7, 33], [7, 33]]) { multiply($0[0], $0[1]) },
      OperationCase(name: "minimum", shapes: [[7, 33], [7, 33]]) { minimum($0[0], $0[1]) },
      OperationCase(name: "scale", shapes: [[7, 33]]) { scale($0[0], by: 0.3) },
      OperationCase(name: "exp", shapes: [[7, 33]]) { exp($0[0]) },
      OperationCase(name: "clamp", shapes: [[7, 33]]) { clamp($0[0], lower: -0.4, upper: 0.6) },
      OperationCase(name: "silu", shapes: [[7, 33]]) { silu($0[0]) },
      OperationCase(name: "gelu", shapes: [[7, 33]]) { gelu($0[0]) },
      OperationCase(name: "swiGLU", shapes: [[7, 33], [7, 33]]) { swiGLU(gate: $0[0], up: $0[1]) },
      OperationCase(name: "sum", shapes: [[70, 33]]) { sum(multiply($0[0], $0[0])) },
      OperationCase(name: "a sum of uses", shapes: [[5, 8]]) {
        add(add($0[0], exp($0[0])), scale($0[0], by: 2))
      },
    ]
  }

  private static var rows: [OperationCase] {
    [
      OperationCase(name: "gather rows", shapes: [[9, 70]]) { gatherRows($0[0], [3, 0, 3, 8, 3, 0]) },
      OperationCase(name: "replace rows", shapes: [[6, 40], [2, 40]]) {
        replacingRows(of: $0[0], at: [4, 1], with: $0[1])
      },
      OperationCase(name: "concatenate and slice rows", shapes: [[3, 20], [5, 20]]) {
        slicedRows(concatenatedRows([$0[0], $0[1]]), 2..<7)
      },
      OperationCase(name: "split columns", shapes: [[6, 37]]) {
        let parts = splitColumns($0[0], widths: [11, 15, 11])
        return add(parts[0], parts[2])
      },
      OperationCase(name: "embedding", shapes: [[12, 40]]) { embedding($0[0], ids: [5, 11, 5, 0]) },
      OperationCase(name: "embedding in bfloat16", shapes: [[12, 40]], narrow: [0]) {
        embedding($0[0], ids: [5, 11, 5, 0])
      },
      OperationCase(name: "reshape", shapes: [[6, 8]]) { scale($0[0].reshaped([3, 16]), by: 2) },
    ]
  }

  private static var layers: [OperationCase] {
    [
      OperationCase(name: "rmsNorm", shapes: [[9, 70], [70]]) {
        rmsNorm($0[0], weight: $0[1], epsilon: 1e-6)
      },
      OperationCase(name: "rmsNorm of wide rows", shapes: [[3, 1300], [1300]]) {
        rmsNorm($0[0], weight: $0[1], epsilon: 1e-6)
      },
      OperationCase(name: "layerNorm", shapes: [[9, 270], [270], [270]]) {
        layerNorm($0[0], weight: $0[1], bias: $0[2], epsilon: 1e-6)
      },
      OperationCase(name: "rotary", shapes: [[5, 48]]) { inputs in
        var numbers = CheckNumbers(seed: 7)
        let angles = (0..<2).map { _ in
          Tensor(numbers.next(5 * 16), shape: [5, 16]).moved(to: inputs[0].device)
        }
        return rotary(inputs[0], cosines: angles[0], sines: angles[1], heads: 3)
      },
      OperationCase(name: "linear", shapes: [[9, 34], [21, 34], [21]]) {
        linear($0[0], weight: $0[1], bias: $0[2])
      },
      OperationCase(name: "layers of one input", shapes: [[9, 34], [21, 34], [21, 34], [21]]) {
        let outputs = linear($0[0], [($0[1], nil), ($0[2], $0[3])])
        return multiply(outputs[0], outputs[1])
      },
      // The processor keeps gradients in float32 where a GPU rounds them to bfloat16 for its products.
      OperationCase(
        name: "linear in bfloat16", shapes: [[9, 34], [21, 34], [21]], narrow: [1], limit: 6e-3
      ) {
        linear($0[0], weight: $0[1], bias: $0[2])
      },
      OperationCase(name: "low-rank update", shapes: [[9, 34], [21, 34], [4, 34], [21, 4]]) {
        let update = LowRankUpdate(down: $0[2], up: $0[3], factor: 0.5)
        return adding(update, of: $0[0], to: linear($0[0], weight: $0[1]))
      },
      OperationCase(name: "recomputed layers", shapes: [[9, 34], [34, 34]]) { inputs in
        recomputed(inputs[0]) { silu(linear($0, weight: inputs[1])) }
      },
    ]
  }

  private static var probabilities: [OperationCase] {
    [
      OperationCase(name: "token log-probabilities", shapes: [[5, 333]]) {
        tokenLogProbabilities(scale($0[0], by: 4), targets: [0, 332, 17, 17, 100])
      },
      OperationCase(name: "head log-probabilities", shapes: [[5, 34], [333, 34]]) {
        headLogProbabilities($0[0], head: $0[1], targets: [0, 332, 17, 17, 100])
      },
      OperationCase(
        name: "head log-probabilities in bfloat16", shapes: [[5, 34], [333, 34]], narrow: [1], limit: 6e-3
      ) {
        headLogProbabilities($0[0], head: $0[1], targets: [0, 332, 17, 17, 100])
      },
      OperationCase(name: "values of the processor", shapes: [[4, 9]]) {
        exp(scale($0[0], by: 0.5).moved(to: nil))
      },
    ]
  }
}
