import Tensors

/// Positions of the trunk: a coarse table, enlarged by bicubic interpolation, plus one of the first stage's window,
/// repeated.
struct PositionTable {
  private let background: [Float]  // [width, rows, columns]
  private let window: [Float]  // [width, side, side]
  private let trunk: SegmenterConfiguration.Trunk

  init(_ parameters: Parameters, trunk: SegmenterConfiguration.Trunk) throws {
    let (width, side) = (trunk.widths[0], trunk.windows[0])
    background = try parameters.tensor("pos_embed", [1, width] + trunk.backgroundSize).values
    window = try parameters.tensor("pos_embed_window", [1, width, side, side]).values
    self.trunk = trunk
  }

  /// - Parameter side: places of a side, a multiple of the first stage's window.
  /// - Returns: [side · side, width]
  func rows(side: Int) -> Tensor {
    let (width, windowSide) = (trunk.widths[0], trunk.windows[0])
    let (rows, columns) = (trunk.backgroundSize[0], trunk.backgroundSize[1])
    let (down, across) = (CubicTaps(from: rows, to: side), CubicTaps(from: columns, to: side))
    var values = [Float](repeating: 0, count: side * side * width)
    for channel in 0..<width {
      // Columns first, then rows: the interpolation is the product of the two.
      var wide = [Float](repeating: 0, count: rows * side)
      for y in 0..<rows {
        for x in 0..<side {
          wide[y * side + x] = across.sum(at: x) { background[(channel * rows + y) * columns + $0] }
        }
      }
      for y in 0..<side {
        for x in 0..<side {
          let fine = window[(channel * windowSide + y % windowSide) * windowSide + x % windowSide]
          values[(y * side + x) * width + channel] = down.sum(at: y) { wide[$0 * side + x] } + fine
        }
      }
    }
    return Tensor(values, shape: [side * side, width])
  }
}

/// Bicubic interpolation of one axis as torch does it without antialiasing: a = −0.75, edges repeated.
private struct CubicTaps {
  private let taps: [(index: [Int], weight: [Float])]

  init(from inputs: Int, to outputs: Int) {
    let scale = Float(inputs) / Float(outputs)
    taps = (0..<outputs).map { output in
      let position = (Float(output) + 0.5) * scale - 0.5
      let first = position.rounded(.down)
      let t = position - first
      let index = (-1...2).map { min(max(Int(first) + $0, 0), inputs - 1) }
      return (index, [Self.outer(t + 1), Self.inner(t), Self.inner(1 - t), Self.outer(2 - t)])
    }
  }

  private static let a: Float = -0.75

  private static func inner(_ x: Float) -> Float { ((a + 2) * x - (a + 3)) * x * x + 1 }

  private static func outer(_ x: Float) -> Float { ((a * x - 5 * a) * x + 8 * a) * x - 4 * a }

  func sum(at output: Int, _ value: (Int) -> Float) -> Float {
    let (index, weight) = taps[output]
    return (0..<4).reduce(0) { $0 + weight[$1] * value(index[$1]) }
  }
}
