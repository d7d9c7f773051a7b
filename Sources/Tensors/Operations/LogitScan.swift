internal import CKernels

/// What sampling needs of a row of logits, which is as long as the vocabulary.
package enum LogitScan {
  /// The first of the highest logits; NaN is passed over.
  package static func highest(_ logits: UnsafeBufferPointer<Float>) -> (id: Int, logit: Float) {
    guard let base = logits.baseAddress, !logits.isEmpty else { return (0, -.infinity) }
    let id = ck_largest(base, logits.count)
    return (id, base[id].isNaN ? -.infinity : base[id])
  }

  /// Σ exp((logit − shift) · scale).
  /// - Parameter weights: gets the terms, one for every logit, if given.
  package static func sumOfExponentials(
    _ logits: UnsafeBufferPointer<Float>, minus shift: Float, scale: Float = 1,
    keeping weights: UnsafeMutableBufferPointer<Float>? = nil
  ) -> Double {
    precondition(weights.map { $0.count == logits.count } ?? true, "as many weights as logits are wanted")
    guard let base = logits.baseAddress else { return 0 }
    return ck_sum_exp(base, shift, scale, weights?.baseAddress, logits.count)
  }
}
