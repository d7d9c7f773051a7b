import Tensors

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// How the divergence from the reference policy is estimated from one token, with d = log π_ref − log π
/// (Schulman, "Approximating KL divergence").
public enum DivergenceEstimate: String, Sendable, CaseIterable {
  /// −d: unbiased as a value, but its gradient is zero in expectation, so as a penalty it only adds noise.
  case k1
  /// d² / 2: biased as a value; its gradient is that of the true divergence.
  case k2
  /// exp(d) − d − 1: unbiased and never negative; equations 5 and 6 of the paper.
  case k3
  /// |d|
  case absolute = "abs"

  /// The estimate of every token less its constant part, and that constant; differentiable by `current`.
  func values(current: Tensor, reference: Tensor) -> (varying: Tensor, constant: Double) {
    let difference = subtract(reference, current)
    switch self {
    case .k1: return (scale(difference, by: -1), 0)
    case .k2: return (scale(multiply(difference, difference), by: 0.5), 0)
    // exp(d) − d loses the small values that matter near the reference only in the printed loss; the
    // gradient, 1 − exp(d), is exact.
    case .k3: return (subtract(exp(difference), difference), -1)
    case .absolute:
      // The sign is 0 where the policies agree, so that nothing pulls there.
      let signs = difference.values.map { d -> Float in d > 0 ? 1 : d < 0 ? -1 : 0 }
      return (multiply(difference, Tensor(signs, shape: difference.shape)), 0)
    }
  }

  /// exp(d) − d − 1 in double precision: near the reference it is d²/2, far below a Float's resolution at 1.
  static func k3(_ difference: Float) -> Float {
    let d = Double(difference)
    if abs(d) < 1e-3 { return Float(d * d * (0.5 + d * (1.0 / 6 + d / 24))) }
    return Float(exp(d) - d - 1)
  }
}
