internal import CKernels

/// The sum of all elements, a scalar.
public func sum(_ x: Tensor) -> Tensor {
  let y = Tensor(Float(x.device?.total("sum_parts", of: x) ?? ck_sum(x.pointer, x.count))).moved(to: x.device)
  return y.recording([x]) { step in
    let g = step.gradient.item
    step.accumulate(0) { gradient, beta in
      gradient.addInPlace(constant: g, replacing: beta == 0)
    }
  }
}

/// Σ weights[i] · x[i] over all elements, a scalar. The weights are constants.
public func weightedSum(_ x: Tensor, weights: [Float]) -> Tensor {
  precondition(
    weights.count == x.count, "weightedSum: \(weights.count) weights for a tensor of shape \(x.shape)")
  if let device = x.device { return sum(multiply(x, Tensor(weights, shape: x.shape).moved(to: device))) }
  let y = Tensor(Float(weights.withUnsafeBufferPointer { dot($0, x) }))
  return y.recording([x]) { step in
    let g = step.gradient.item
    step.accumulateSparsely(0) { gradient in
      weights.withUnsafeBufferPointer { weights in
        if let base = weights.baseAddress { ck_axpy(g, base, gradient.pointer, weights.count) }
      }
    }
  }
}

extension Tensor {
  /// Adds a number to every element, or makes every element that number.
  fileprivate func addInPlace(constant: Float, replacing: Bool) {
    if let device {
      return device.forEach(
        count, replacing ? "fill" : "add_constant", .tensor(self), .count(count), .float(constant))
    }
    if replacing {
      ck_fill(constant, pointer, count)
    } else {
      for i in 0..<count { pointer[i] += constant }
    }
  }
}

private func dot(_ weights: UnsafeBufferPointer<Float>, _ x: Tensor) -> Double {
  guard let base = weights.baseAddress else { return 0 }
  return ck_dot(base, x.pointer, weights.count)
}
