import QwenVL
import Tensors

extension OperationCase {
  /// Tokens drawn from rows of logits: the likeliest, and by running sums at two temperatures.
  static var drawing: [OperationCase] {
    [Float(0), 1, 0.7].map { drawing(rows: [3, 0, 0, 4, 1, 2, 3], of: 5003, temperature: $0) }
      // Enough that a warp's slice has several parts, and that a part takes several turns.
      + [drawing(rows: [1, 0, 1], of: 20_011, temperature: 1)]
      + [drawing(rows: [0, 1, 1], of: 530_003, temperature: 0.7)]
  }

  private static func drawing(rows: [Int], of width: Int, temperature: Float) -> OperationCase {
    OperationCase(
      name: "tokens of \(width) drawn at temperature \(temperature)",
      shapes: [[(rows.max() ?? 0) + 1, width]], hasGradients: false
    ) { drawn(from: scale($0[0], by: 6), rows: rows, temperature: temperature) }
  }

  /// Token, log-probability and log-probability of the draw, row after row; not numbers where the logits are none.
  private static func drawn(from logits: Tensor, rows: [Int], temperature: Float) -> Tensor {
    let uniforms = rows.indices.map { (Double($0) + 0.37) / Double(rows.count) }
    var numbers: [Float] = []
    if logits.device != nil {
      let draws = TokenDraws(
        from: logits, rows: rows, uniforms: uniforms, temperature: temperature, watching: [4, 5000])
      for draw in draws.draws {
        numbers += [Float(draw.id), Float(draw.logit - draw.logSum), Float(draw.drawnLogProbability)]
      }
      numbers += draws.watched
    } else {
      let (values, width) = (logits.values, logits.shape[1])
      var sampler = TokenSampler(vocabulary: width, temperature: temperature)
      var watched: [Float] = []
      for (row, uniform) in zip(rows, uniforms) {
        values[row * width..<(row + 1) * width].withUnsafeBufferPointer { row in
          let draw = try? sampler.draw(row, at: uniform)
          numbers += [
            draw.map { Float($0.id) } ?? .nan, draw?.logProbability ?? .nan,
            draw?.drawnLogProbability ?? .nan,
          ]
          watched += [row[4], row[5000]]
        }
      }
      numbers += watched
    }
    return Tensor(numbers, shape: [numbers.count])
  }
}
