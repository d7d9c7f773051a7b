internal import CKernels

/// The sum of all elements, a scalar.
public func sum(_ x: Tensor) -> Tensor {
  let y = Tensor(Float(ck_sum(x.pointer, x.count)))
  return y.recording([x]) { step in
    let g = step.gradient.item
    step.accumulate(0) { gradient, beta in
      let count = step.inputs[0].count
      if beta == 0 {
        ck_fill(g, gradient, count)
      } else {
        for i in 0..<count { gradient[i] += g }
      }
    }
  }
}

/// Σ weights[i] · x[i] over all elements, a scalar. The weights are constants.
public func weightedSum(_ x: Tensor, weights: [Float]) -> Tensor {
  precondition(
    weights.count == x.count, "weightedSum: \(weights.count) weights for a tensor of shape \(x.shape)")
  let y = Tensor(Float(weights.withUnsafeBufferPointer { dot($0, x) }))
  return y.recording([x]) { step in
    let g = step.gradient.item
    step.accumulateSparsely(0) { gradient in
      weights.withUnsafeBufferPointer { weights in
        if let base = weights.baseAddress { ck_axpy(g, base, gradient, weights.count) }
      }
    }
  }
}

private func dot(_ weights: UnsafeBufferPointer<Float>, _ x: Tensor) -> Double {
  guard let base = weights.baseAddress else { return 0 }
  return ck_dot(base, x.pointer, weights.count)
}
