import Tensors

/// Reproducible numbers, about normal, for tests.
struct Numbers {
  private var state: UInt64

  init(_ seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }

  /// Between 0 and 1.
  mutating func unit() -> Float {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    var mixed = state
    mixed ^= mixed >> 33
    mixed &*= 0xFF51_AFD7_ED55_8CCD
    mixed ^= mixed >> 33
    return Float(mixed >> 40) / Float(1 << 24)
  }

  mutating func normal() -> Float { (0..<12).reduce(-6) { sum, _ in sum + unit() } }

  mutating func array(_ count: Int) -> [Float] { (0..<count).map { _ in normal() } }

  mutating func parameter(_ shape: Int...) -> Tensor {
    .parameter(array(shape.reduce(1, *)), shape: shape)
  }
}

/// The largest disagreement between the gradients of backward passes and central finite differences, relative
/// to 1 + |gradient|, over all elements of `parameters`.
///
/// The differentiated scalar is a fixed random combination of the outputs, summed here in double precision.
func gradientError(
  of parameters: [Tensor], step: Float = 1e-2, _ compute: ([Tensor]) -> Tensor
) -> Double {
  var numbers = Numbers(77)
  let output = compute(parameters)
  let weights = numbers.array(output.count)
  func loss() -> Double {
    zip(compute(parameters.map { $0.detached() }).values, weights)
      .reduce(0) { $0 + Double($1.0) * Double($1.1) }
  }
  for parameter in parameters { parameter.zeroGradient() }
  weightedSum(output, weights: weights).backward()

  var worst = 0.0
  for parameter in parameters {
    let gradient = parameter.gradient?.values ?? []
    if gradient.count != parameter.count { return .infinity }
    for index in 0..<parameter.count {
      func set(_ value: Float) { parameter.withUnsafeValues { $0[index] = value } }
      let value = parameter.values[index]
      set(value + step)
      let above = loss()
      set(value - step)
      let below = loss()
      set(value)
      let width = Double((value + step) - (value - step))
      let expected = (above - below) / width
      worst = max(worst, abs(expected - Double(gradient[index])) / (1 + abs(expected)))
    }
  }
  return worst
}

/// The largest |a - b| / (1 + |b|).
func distance(_ a: [Float], _ b: [Float]) -> Float {
  if a.count != b.count { return .infinity }
  var worst: Float = 0
  for (x, y) in zip(a, b) {
    let d = abs(x - y) / (1 + abs(y))
    if !(d <= worst) { worst = d }
  }
  return worst
}
