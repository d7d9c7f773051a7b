import Tensors
import Testing

@Suite struct AutodiffTests {
  @Test("a tensor that is used twice collects the gradients of both uses")
  func tiedEmbedding() {
    var n = Numbers(11)
    let table = n.parameter(7, 4)
    let error = gradientError(of: [table]) {
      headLogProbabilities(embedding($0[0], ids: [1, 5, 1]), head: $0[0], targets: [5, 1, 6])
    }
    #expect(error < 2e-3)
    // Sums that share one gradient's memory must not write into each other's.
    let (a, b) = (n.parameter(4), n.parameter(4))
    let s = add(a, b)
    sum(add(add(s, s), add(a, multiply(b, b)))).backward()
    #expect(a.gradient?.values == [3, 3, 3, 3])
    #expect(b.gradient?.values == b.values.map { 2 + 2 * $0 })
  }

  @Test("gradients add up over backward passes until they are zeroed")
  func accumulation() {
    let p = Tensor.parameter([1, 2], shape: [2])
    sum(scale(p, by: 3)).backward()
    sum(scale(p, by: 4)).backward()
    #expect(p.gradient?.values == [7, 7])
    p.zeroGradient()
    #expect(p.gradient == nil)
  }

  @Test("constants record no history and get no gradient")
  func constants() {
    let (x, w) = (Tensor([1, 2, 3, 4], shape: [2, 2]), Tensor([1, 0, 0, 1], shape: [2, 2]))
    #expect(!linear(x, weight: w).requiresGradient)
    let p = x.asParameter()
    let y = linear(p, weight: w)
    #expect(y.requiresGradient && !y.detached().requiresGradient)
    sum(multiply(y, y.detached())).backward()
    #expect(p.gradient?.values == [1, 2, 3, 4])
    #expect(w.gradient == nil && x.gradient == nil)
  }

  @Test("what is computed a second time for the backward pass has the same gradients bit by bit")
  func recomputation() {
    var n = Numbers(13)
    let (x, w, v, u) = (n.parameter(6, 4), n.parameter(5, 4), n.parameter(4, 5), n.parameter(6, 4))
    func gradients(again: Bool, beside other: Tensor) -> [[Float]] {
      for p in [x, w, v] { p.zeroGradient() }
      func block(_ x: Tensor) -> Tensor { add(x, linear(silu(linear(x, weight: w)), weight: v)) }
      func layer(_ x: Tensor) -> Tensor { again ? recomputed(x, block) : block(x) }
      // The weights are used twice, as tied ones are.
      sum(multiply(layer(layer(x)), other)).backward()
      return [x, w, v].map { $0.gradient?.values ?? [] }
    }
    let kept = gradients(again: false, beside: u)
    #expect(kept.allSatisfy { !$0.isEmpty })
    #expect(gradients(again: true, beside: u) == kept)
    // Where x enters the result beside the layers too, its gradient is the same sum in another order.
    let (beside, besideAgain) = (
      gradients(again: false, beside: x), gradients(again: true, beside: x)
    )
    #expect(besideAgain.dropFirst() == beside.dropFirst())
    #expect(distance(besideAgain[0], beside[0]) < 1e-6)
    // A body with parameters records even where its input does not; one without any records nothing.
    let constant = x.detached()
    #expect(recomputed(constant) { linear($0, weight: w) }.requiresGradient)
    #expect(!recomputed(constant) { silu($0) }.requiresGradient)
  }

  @Test("what is computed a second time is not kept in between")
  func recomputationFrees() {
    let p = Tensor.parameter([1, 2], shape: [2])
    weak var inside: Tensor?
    let y = recomputed(p) { x in
      let inner = exp(x)
      inside = inner
      return scale(inner, by: 2)
    }
    #expect(inside == nil)
    sum(y).backward()
    #expect(inside == nil)
    #expect(distance(p.gradient?.values ?? [], scale(exp(p.detached()), by: 2).values) < 1e-6)
  }

  @Test("a backward pass frees the graph; so does dropping it, however deep")
  func freedGraph() {
    let p = Tensor.parameter([1], shape: [1])
    weak var middle: Tensor?
    let loss: Tensor
    do {
      let inner = exp(p)
      middle = inner
      loss = sum(inner)
    }
    #expect(middle != nil)
    loss.backward()
    #expect(middle == nil)

    var deep = p
    for _ in 0..<200_000 { deep = scale(deep, by: 1) }
    weak let end: Tensor? = deep
    deep = p
    #expect(end == nil)
  }

  @Test("views share memory: what an optimizer writes is seen through all of them")
  func sharedMemory() {
    let p = Tensor.parameter([1, 2, 3, 4, 5, 6], shape: [3, 2])
    let (inference, rows) = (p.detached(), slicedRows(p.detached(), 1..<3))
    p.withUnsafeValues { $0[2] = 30 }
    #expect(inference.values == [1, 2, 30, 4, 5, 6])
    #expect(rows.values == [30, 4, 5, 6])
    rows.reshaped([4]).scaleInPlace(by: 2)
    #expect(p.values == [1, 2, 60, 8, 10, 12])
    #expect(Tensor([1, .nan], shape: [2]).isFinite == false && p.isFinite)
    p.writeRows(Tensor([7, 7, 9, 9], shape: [2, 2]), at: [2, 0])
    #expect(p.values == [9, 9, 60, 8, 7, 7])
  }
}
