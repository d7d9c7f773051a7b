import Tensors
import Testing

/// The thread count is the process's own: the tests that change it run one after another.
@Suite(.serialized) struct ThreadTests {
  @Test("attention's gradients over many blocks agree between thread counts, bit by bit within one")
  func attentionGradients() {
    var n = Numbers(32)
    let layout = SegmentLayout.promptWithAnswers(promptCount: 600, answerCounts: [80, 50, 120])
    let (q, k, v) = (n.parameter(850, 4 * 16), n.parameter(850, 16), n.parameter(850, 16))
    let weights = n.array(850 * 64)
    func gradients(threads: Int) -> [[Float]] {
      withThreads(threads) {
        for x in [q, k, v] { x.zeroGradient() }
        let y = attention(q, k, v, heads: 4, kvHeads: 1, scale: 0.25, layout: layout)
        weightedSum(y, weights: weights).backward()
        return [q, k, v].map { $0.gradient?.values ?? [] }
      }
    }
    let (one, three) = (gradients(threads: 1), gradients(threads: 3))
    for (a, b) in zip(one, three) { #expect(distance(a, b) < 2e-5) }
    #expect(gradients(threads: 3) == three)
    #expect(gradients(threads: 1) == one)
  }

  @Test("a whole layer gives the same bits every time, and about the same on any number of threads")
  func layer() {
    var n = Numbers(33)
    let (x, w, norm) = (n.parameter(500, 96), n.parameter(400, 96), n.parameter(96))
    let targets = (0..<500).map { ($0 * 7) % 400 }
    func run(threads: Int) -> [[Float]] {
      withThreads(threads) {
        for p in [x, w, norm] { p.zeroGradient() }
        let h = swiGLU(gate: rmsNorm(x, weight: norm, epsilon: 1e-6), up: x)
        let y = headLogProbabilities(h, head: w, targets: targets)
        let values = y.values
        sum(y).backward()
        return [values] + [x, w, norm].map { $0.gradient?.values ?? [] }
      }
    }
    let reference = run(threads: 2)
    #expect(run(threads: 2) == reference)
    for threads in [1, 5] {
      for (a, b) in zip(run(threads: threads), reference) { #expect(distance(a, b) < 1e-4) }
    }
  }

  @Test("several layers of one input give what each gives alone, on every number of threads")
  func layersTogether() {
    var n = Numbers(34)
    for rows in [1, 7, 60] {
      let x = Tensor(n.array(rows * 300), shape: [rows, 300])
      let layers: [(weight: Tensor, bias: Tensor?)] = [700, 33, 256].map { out in
        (Tensor(n.array(out * 300), shape: [out, 300]), out == 33 ? nil : Tensor(n.array(out), shape: [out]))
      }
      let alone = withThreads(1) { layers.map { linear(x, weight: $0.weight, bias: $0.bias).values } }
      for threads in [1, 2, 5] {
        let together = withThreads(threads) { linear(x, layers).map(\.values) }
        for (a, b) in zip(together, alone) { #expect(distance(a, b) < 1e-4) }
      }
    }
  }

  private func withThreads<R>(_ count: Int, _ body: () -> R) -> R {
    let before = ComputeThreads.current
    ComputeThreads.set(count)
    defer { ComputeThreads.set(before) }
    return body()
  }
}
