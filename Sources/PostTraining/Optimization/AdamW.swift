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

  /// Refuses settings under which a step is not defined.
  public func validate() throws {
    guard (0..<1).contains(beta1), (0..<1).contains(beta2) else {
      throw TrainingError("AdamW's betas are \(beta1) and \(beta2); they have to lie in 0 ..< 1")
    }
    guard epsilon.isFinite, epsilon > 0 else {
      throw TrainingError("AdamW's epsilon is \(epsilon); it has to be positive")
    }
    guard weightDecay.isFinite, weightDecay >= 0 else {
      throw TrainingError("the weight decay is \(weightDecay); it has to be 0 or positive")
    }
  }
}

/// The optimizer: two moments per trained parameter and the number of steps taken.
///
/// The parameters of a model in bfloat16 have master copies in float32, which the steps change and the parameters are
/// rounded from: steps too small for bfloat16 add up in them. Its biases and norms, which lie in memory as float32, are
/// rounded like its matrices, so that the model is at every step what bfloat16 can hold.
public final class AdamW {
  public let settings: AdamWSettings
  /// Steps taken so far; decides the bias correction.
  public private(set) var stepCount = 0
  /// The moments beside their parameters, in the order given.
  public let slots: [Slot]

  public struct Slot {
    public let name: String
    public let parameter: Tensor
    /// The parameter in float32: itself, or its master copy in a model in bfloat16.
    public let master: Tensor
    /// Running mean of the gradient.
    public let first: Tensor
    /// Running mean of its square.
    public let second: Tensor

    /// Whether the parameter is rounded from a copy that is kept beside it.
    var hasMaster: Bool { !master.sharesMemory(with: parameter) }

    /// Rounds the master copy into the parameter; a float32 parameter is its own.
    func publish() {
      guard hasMaster else { return }
      parameter.copyInPlace(rounding: master)
      if parameter.dtype == .float32 { parameter.roundToBFloat16InPlace() }
    }
  }

  public init(parameters: [(name: String, tensor: Tensor)], settings: AdamWSettings) {
    self.settings = settings
    let isCompact = parameters.contains { $0.tensor.dtype == .bfloat16 }
    slots = parameters.map {
      let (written, device) = ($0.tensor.inFloat32(), $0.tensor.device)
      return Slot(
        name: $0.name, parameter: $0.tensor,
        master: isCompact && $0.tensor.dtype == .float32 ? written.copied() : written,
        first: .zeros($0.tensor.shape, on: device), second: .zeros($0.tensor.shape, on: device))
    }
  }

  /// Norm of all gradients together, before any clipping.
  public var gradientNorm: Double {
    slots.reduce(0.0) { $0 + ($1.parameter.gradient?.squaredNorm ?? 0) }.squareRoot()
  }

  /// Takes one step and forgets the gradients. A parameter without a gradient stays as it is, as in torch.
  ///
  /// - Parameters:
  ///   - rate: the learning rate of this step.
  ///   - maximumNorm: the gradient is scaled down to this norm; 0 leaves it.
  /// - Returns: the norm before clipping.
  /// - Throws: `TrainingError` when the gradient is not finite, with the parameters untouched;
  ///   `CUDAError` when a GPU failed, whose parameters may then be anything.
  @discardableResult
  public func step(rate: Double, maximumNorm: Double) throws -> Double {
    let norm = gradientNorm
    try slots.first?.parameter.device?.check()
    guard norm.isFinite else {
      throw TrainingError(
        "the gradient of the optimizer's update \(stepCount + 1) is not finite; a lower learning rate or a smaller "
          + "gradient norm may help")
    }
    let scale = maximumNorm > 0 && norm > maximumNorm ? maximumNorm / (norm + 1e-6) : 1
    stepCount += 1
    for slot in slots {
      guard let gradient = slot.parameter.gradient else { continue }
      let kernel = AdamWKernel(
        learningRate: rate, beta1: settings.beta1, beta2: settings.beta2, epsilon: settings.epsilon,
        weightDecay: slot.parameter.shape.count > 1 ? settings.weightDecay : 0)
      kernel.update(
        slot.master, gradient: gradient, firstMoment: slot.first, secondMoment: slot.second,
        step: stepCount, gradientScale: Float(scale))
      slot.publish()
      slot.parameter.zeroGradient()
    }
    try slots.first?.parameter.device?.check()
    return norm
  }

  /// Everything a later run needs to go on bit by bit: the trained parameters under their own names and in their own
  /// form, so that a full state serves as a bare policy too, their moments as `moment1/…` and `moment2/…`, and
  /// master copies as `master/…`.
  public var stateTensors: [(name: String, tensor: Tensor)] {
    slots.map { ($0.name, $0.parameter) } + slots.map { ("moment1/" + $0.name, $0.first) }
      + slots.map { ("moment2/" + $0.name, $0.second) }
      + slots.filter(\.hasMaster).map { ("master/" + $0.name, $0.master) }
  }

  /// Continues from a stored state.
  ///
  /// - Parameters:
  ///   - stepCount: the steps the state had taken.
  ///   - load: fills each of `stateTensors` in place. When it throws, the state is a mixture and must not be
  ///     trained on.
  public func restore(stepCount: Int, load: (_ name: String, _ tensor: Tensor) throws -> Void) throws {
    guard stepCount >= 0 else { throw TrainingError("a state after \(stepCount) steps cannot be continued") }
    for (name, tensor) in stateTensors { try load(name, tensor) }
    self.stepCount = stepCount
    for slot in slots {
      slot.publish()
      slot.parameter.zeroGradient()
    }
  }
}
