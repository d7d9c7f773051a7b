import Tensors
import Testing

/// Every differentiable operation against central finite differences.
@Suite struct GradientTests {
  let tolerance = 2e-3

  @Test("sums, differences, products and scalings have the gradients of their definitions")
  func arithmetic() {
    var n = Numbers(1)
    let (a, b) = (n.parameter(3, 5), n.parameter(3, 5))
    #expect(gradientError(of: [a, b]) { add($0[0], $0[1]) } < tolerance)
    #expect(gradientError(of: [a, b]) { subtract($0[0], $0[1]) } < tolerance)
    #expect(gradientError(of: [a, b]) { multiply($0[0], $0[1]) } < tolerance)
    #expect(gradientError(of: [a]) { scale($0[0], by: -1.7) } < tolerance)
    #expect(gradientError(of: [a]) { sum($0[0]) } < tolerance)
    #expect(
      gradientError(of: [a]) { weightedSum($0[0], weights: (0..<15).map { Float($0) / 7 }) } < tolerance)
  }

  @Test("exp, clamp and minimum have the gradients of their definitions")
  func limits() {
    var n = Numbers(2)
    let (a, b) = (n.parameter(4, 6), n.parameter(4, 6))
    // Away from the corners, where no derivative exists.
    for (x, y) in [(a, -0.5), (a, 0.7)] as [(Tensor, Float)] {
      x.withUnsafeValues { for i in $0.indices where abs($0[i] - y) < 0.05 { $0[i] += 0.1 } }
    }
    for i in 0..<a.count where abs(a.values[i] - b.values[i]) < 0.05 { b.withUnsafeValues { $0[i] += 0.2 } }
    #expect(gradientError(of: [a]) { exp($0[0]) } < tolerance)
    #expect(gradientError(of: [a]) { clamp($0[0], lower: -0.5, upper: 0.7) } < tolerance)
    #expect(gradientError(of: [a, b]) { minimum($0[0], $0[1]) } < tolerance)
  }

  @Test("means over runs of neighbours have the gradient of their definition")
  func runs() {
    var n = Numbers(12)
    let a = n.parameter(9)
    #expect(segmentMeans(Tensor([1, 2, 6, 5], shape: [4]), lengths: [3, 0, 1]).values == [3, 3, 3, 5])
    #expect(gradientError(of: [a]) { segmentMeans($0[0], lengths: [4, 1, 0, 4]) } < tolerance)
  }

  @Test("the activations have the gradients of their definitions")
  func activations() {
    var n = Numbers(3)
    let (a, b) = (n.parameter(5, 7), n.parameter(5, 7))
    #expect(gradientError(of: [a]) { silu($0[0]) } < tolerance)
    #expect(gradientError(of: [a]) { gelu($0[0]) } < tolerance)
    #expect(gradientError(of: [a, b]) { swiGLU(gate: $0[0], up: $0[1]) } < tolerance)
  }

  @Test("a linear layer has the gradients of input, weight and bias", arguments: [1, 3, 6, 11])
  func linearLayer(rows: Int) {
    var n = Numbers(4)
    let (x, w, b) = (n.parameter(rows, 5), n.parameter(7, 5), n.parameter(7))
    #expect(gradientError(of: [x, w, b]) { linear($0[0], weight: $0[1], bias: $0[2]) } < tolerance)
    #expect(gradientError(of: [x, w]) { linear($0[0], weight: $0[1]) } < tolerance)
  }

  @Test(
    "a low-rank change has the gradients of input, weight, bias and both its matrices", arguments: [1, 3, 11])
  func lowRankLinear(rows: Int) {
    var n = Numbers(14)
    let (x, w, b) = (n.parameter(rows, 5), n.parameter(7, 5), n.parameter(7))
    let (down, up) = (n.parameter(2, 5), n.parameter(7, 2))
    func changed(_ x: Tensor, _ w: Tensor, _ bias: Tensor?, _ down: Tensor, _ up: Tensor) -> Tensor {
      adding(
        LowRankUpdate(down: down, up: up, factor: 1.5), of: x, to: linear(x, weight: w, bias: bias))
    }
    #expect(
      gradientError(of: [x, w, b, down, up]) { changed($0[0], $0[1], $0[2], $0[3], $0[4]) } < tolerance)
    // Its own input twice, as in a residual network, and weights that are not trained.
    #expect(
      gradientError(of: [x, down, up]) {
        add(changed($0[0], w.detached(), nil, $0[1], $0[2]), changed($0[0], w.detached(), nil, $0[1], $0[2]))
      }
        < tolerance)
    let update = LowRankUpdate(down: down, up: up, factor: 1.5)
    let merged = linear(x, weight: update.added(to: w), bias: b)
    #expect(distance(changed(x, w, b, down, up).values, merged.values) < 1e-5)
  }

  @Test("normalised rows have the gradients of input and weight")
  func norm() {
    var n = Numbers(5)
    let (x, w) = (n.parameter(4, 9), n.parameter(9))
    #expect(gradientError(of: [x, w]) { rmsNorm($0[0], weight: $0[1], epsilon: 1e-6) } < tolerance)
  }

  @Test("rows normalised by mean and variance have the gradients of input, weight and bias")
  func layerNormalisation() {
    var n = Numbers(15)
    let (x, w, b) = (n.parameter(4, 9), n.parameter(9), n.parameter(9))
    #expect(
      gradientError(of: [x, w, b]) { layerNorm($0[0], weight: $0[1], bias: $0[2], epsilon: 1e-5) } < tolerance
    )
    let y = layerNorm(
      Tensor([1, 3, 5, 7], shape: [1, 4]), weight: Tensor([1, 1, 1, 2], shape: [4]),
      bias: Tensor([0, 0, 1, 0], shape: [4]), epsilon: 0)
    #expect(distance(y.values, [-1.3416408, -0.4472136, 1.4472136, 2.6832816]) < 1e-6)
  }

  @Test("the largest of rows passes its gradient to where it came from")
  func largest() {
    var n = Numbers(16)
    let x = n.parameter(6, 5)
    #expect(
      gradientError(of: [x], step: 1e-3) { largestOfRows($0[0], [0, 1, 2, 3, 5, 4, 0, 2], size: 4) } < 1e-2)
    let y = largestOfRows(Tensor([1, 9, 5, 2, 3, 3], shape: [3, 2]), [0, 1, 2, 2], size: 2)
    #expect(y.values == [5, 9, 3, 3])
  }

  @Test("moving rows and columns about moves their gradients back")
  func rowsAndColumns() {
    var n = Numbers(6)
    let (x, y) = (n.parameter(5, 6), n.parameter(2, 6))
    #expect(gradientError(of: [x]) { embedding($0[0], ids: [4, 0, 4, 2]) } < tolerance)
    #expect(gradientError(of: [x]) { gatherRows($0[0], [1, 1, 3]) } < tolerance)
    #expect(gradientError(of: [x, y]) { replacingRows(of: $0[0], at: [3, 1], with: $0[1]) } < tolerance)
    #expect(gradientError(of: [x, y]) { concatenatedRows([$0[1], $0[0], $0[1]]) } < tolerance)
    #expect(gradientError(of: [x, y]) { concatenated([$0[1], $0[0]]) } < tolerance)
    #expect(gradientError(of: [x]) { slicedRows($0[0], 1..<4) } < tolerance)
    #expect(gradientError(of: [x]) { slicedColumns($0[0], 2..<5) } < tolerance)
    #expect(
      gradientError(of: [x]) { x in
        let parts = splitColumns(x[0], widths: [1, 3, 2])
        return concatenated([parts[2], parts[0], parts[1], parts[2]])
      } < tolerance)
    #expect(
      gradientError(of: [x]) { multiply($0[0].reshaped([3, 10]), $0[0].reshaped([3, 10])) } < tolerance)
  }

  @Test("rotated heads have the gradients of the rotation, even with unequal halves of the angles")
  func rotation() {
    var n = Numbers(7)
    let x = n.parameter(3, 2 * 6)
    let (c, s) = (Tensor(n.array(18), shape: [3, 6]), Tensor(n.array(18), shape: [3, 6]))
    #expect(gradientError(of: [x]) { rotary($0[0], cosines: c, sines: s, heads: 2) } < tolerance)
  }

  @Test("token log-probabilities have the gradients of a log-softmax, with and without kept logits")
  func logProbabilities() {
    var n = Numbers(8)
    let (logits, hidden, head) = (n.parameter(5, 11), n.parameter(5, 4), n.parameter(11, 4))
    let targets = [3, 0, 10, 3, 7]
    #expect(gradientError(of: [logits]) { tokenLogProbabilities($0[0], targets: targets) } < tolerance)
    #expect(
      gradientError(of: [hidden, head]) { headLogProbabilities($0[0], head: $0[1], targets: targets) }
        < tolerance)
  }

  @Test("attention has the gradients of queries, keys and values under every layout", arguments: layouts)
  func attentionGradients(_ name: String, _ layout: SegmentLayout, _ heads: Int, _ kvHeads: Int) {
    var n = Numbers(9)
    let q = n.parameter(layout.queryCount, heads * 4)
    let (k, v) = (
      n.parameter(layout.keyCount + 1, kvHeads * 4), n.parameter(layout.keyCount + 1, kvHeads * 4)
    )
    let error = gradientError(of: [q, k, v]) {
      attention($0[0], $0[1], $0[2], heads: heads, kvHeads: kvHeads, scale: 0.5, layout: layout)
    }
    #expect(error < tolerance, "\(name)")
  }
}
