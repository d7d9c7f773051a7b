internal import CKernels

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// AdamW with decoupled weight decay, as torch.optim.AdamW computes it, in place in one pass.
public struct AdamWKernel: Sendable {
  public var learningRate: Double
  public var beta1: Double
  public var beta2: Double
  public var epsilon: Double
  public var weightDecay: Double

  public init(
    learningRate: Double, beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8,
    weightDecay: Double = 0
  ) {
    self.learningRate = learningRate
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
    self.weightDecay = weightDecay
  }

  /// Updates `parameter` and both moments (zeros before the first step) in place.
  /// - Parameters:
  ///   - step: counts from 1.
  ///   - gradientScale: the gradient is multiplied by it first (clipping).
  public func update(
    _ parameter: Tensor, gradient: Tensor, firstMoment: Tensor, secondMoment: Tensor, step: Int,
    gradientScale: Float = 1
  ) {
    let count = parameter.count
    precondition(
      gradient.count == count && firstMoment.count == count && secondMoment.count == count && step > 0,
      "AdamW: parameter \(parameter.shape), gradient \(gradient.shape), moments \(firstMoment.shape) and "
        + "\(secondMoment.shape) at step \(step)")
    let rate = learningRate / (1 - pow(beta1, Double(step)))
    let inverseRoot = 1 / (1 - pow(beta2, Double(step))).squareRoot()
    let decay = 1 - learningRate * weightDecay
    if let device = parameter.device {
      return device.forEach(
        count, "adamw", .tensor(parameter), .tensor(gradient),
        .tensor(firstMoment),
        .tensor(secondMoment), .count(count), .float(gradientScale), .float(Float(beta1)),
        .float(Float(beta2)), .float(Float(epsilon)), .float(Float(decay)), .float(Float(rate)),
        .float(Float(inverseRoot)))
    }
    Parallel.ranges(of: count, cost: 4) { range in
      let start = range.lowerBound
      ck_adamw(
        parameter.pointer + start, gradient.pointer + start, firstMoment.pointer + start,
        secondMoment.pointer + start, range.count, gradientScale, Float(beta1), Float(beta2), Float(epsilon),
        Float(decay), Float(rate), Float(inverseRoot))
    }
  }
}
