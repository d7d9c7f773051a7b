public import Tensors

/// AdamW with decoupled weight decay (Loshchilov and Hutter), as torch computes it.
public struct AdamWSettings: Sendable, Equatable {
  public var beta1: Double
  public var beta2: Double
  public var epsilon: Double
  /// Decay of matrices; vectors (biases and norms) are not decayed.
  public var weightDecay: Double

  public init(beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8, weightDecay: Double = 0) {
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
    self.weightDecay = weightDecay
  }
}

/// The optimizer: two moments per trained parameter and the number of steps taken.
public final class AdamW {
  public let settings: AdamWSettings
  /// Steps taken so far; decides the bias correction.
  public private(set) var stepCount: Int
  /// The moments beside their parameters, in the order given.
  public let slots: [Slot]

  public struct Slot {
    public let name: String
    public let parameter: Tensor
    /// Running mean of the gradient.
    public let first: Tensor
    /// Running mean of its square.
    public let second: Tensor
  }

  public init(parameters: [(name: String, tensor: Tensor)], settings: AdamWSettings, stepCount: Int = 0) {
    self.settings = settings
    self.stepCount = stepCount
    slots = parameters.map {
      Slot(
        name: $0.name, parameter: $0.tensor, first: .zeros($0.tensor.shape), second: .zeros($0.tensor.shape))
    }
  }

  /// Norm of all gradients together, before any clipping.
  public var gradientNorm: Double {
    slots.reduce(0.0) { $0 + ($1.parameter.gradient?.squaredNorm ?? 0) }.squareRoot()
  }

  /// Takes one step and forgets the gradients.
  ///
  /// - Parameters:
  ///   - rate: the learning rate of this step.
  ///   - maximumNorm: the gradient is scaled down to this norm; 0 leaves it.
  /// - Returns: the norm before clipping.
  /// - Throws: `TrainingError` when the gradient is not finite; the parameters are then untouched.
  public func step(rate: Double, maximumNorm: Double) throws -> Double {
    let norm = gradientNorm
    guard norm.isFinite else {
      throw TrainingError("the gradient of step \(stepCount + 1) is not finite; lower the learning rate")
    }
    let scale = maximumNorm > 0 && norm > maximumNorm ? maximumNorm / (norm + 1e-6) : 1
    stepCount += 1
    for slot in slots {
      guard let gradient = slot.parameter.gradient else { continue }
      let kernel = AdamWKernel(
        learningRate: rate, beta1: settings.beta1, beta2: settings.beta2, epsilon: settings.epsilon,
        weightDecay: slot.parameter.shape.count > 1 ? settings.weightDecay : 0)
      kernel.update(
        slot.parameter, gradient: gradient, firstMoment: slot.first, secondMoment: slot.second,
        step: stepCount, gradientScale: Float(scale))
      slot.parameter.zeroGradient()
    }
    return norm
  }

  /// Continues from a stored state whose moments have been written into the slots.
  public func resume(stepCount: Int) {
    self.stepCount = stepCount
  }
}
