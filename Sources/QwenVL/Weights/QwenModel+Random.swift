import Digests
import Tensors

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

extension QwenModel {
  /// A model with fresh weights, the start of a base that is trained here.
  ///
  /// Projections are normal with the variance 1 / inputs, those that write into the residual stream smaller by
  /// the root of the number of such writes; embeddings have the deviation 0.02; biases are 0, norms 1. A
  /// parameter's values depend on the seed, its name and its shape alone.
  /// - Throws: `ModelError.invalid` for a configuration no network can be made from.
  public static func random(
    configuration: QwenConfiguration, seed: UInt64, training: TrainedPart = .nothing
  ) throws -> QwenModel {
    try QwenModel(configuration: configuration) { declaration in
      let layers = declaration.isVision ? configuration.vision.depth : configuration.text.layers
      let values = fresh(declaration, writes: 2 * layers, seed: seed)
      return training.includes(declaration)
        ? Tensor.parameter(values, shape: declaration.shape) : Tensor(values, shape: declaration.shape)
    }
  }

  private static func fresh(_ declaration: ParameterDeclaration, writes: Int, seed: UInt64) -> [Float] {
    let count = declaration.shape.reduce(1, *)
    let inputs = Float(declaration.shape.dropFirst().reduce(1, *))
    switch declaration.role {
    case .bias: return [Float](repeating: 0, count: count)
    case .norm: return [Float](repeating: 1, count: count)
    case .embedding: return normal(count, deviation: 0.02, key: key(of: declaration.name, seed: seed))
    case .projection:
      return normal(count, deviation: 1 / inputs.squareRoot(), key: key(of: declaration.name, seed: seed))
    case .residualProjection:
      return normal(
        count, deviation: 1 / (inputs * Float(max(1, writes))).squareRoot(),
        key: key(of: declaration.name, seed: seed))
    }
  }

  /// A hash of the name, spread by the seed.
  private static func key(of name: String, seed: UInt64) -> UInt64 {
    var hash = FNV1a()
    hash.combine(name)
    return SampleStream.key(seed: seed ^ hash.value, prompt: 0, completion: 0)
  }

  /// Normal numbers by the method of Box and Muller, two from each pair of uniform ones.
  private static func normal(_ count: Int, deviation: Float, key: UInt64) -> [Float] {
    let stream = SampleStream(key: key)
    var values: [Float] = []
    values.reserveCapacity(count + 1)
    var step = 0
    while values.count < count {
      let radius = (-2 * log(1 - stream.uniform(at: step))).squareRoot() * Double(deviation)
      let angle = 2 * Double.pi * stream.uniform(at: step + 1)
      values.append(Float(radius * cos(angle)))
      values.append(Float(radius * sin(angle)))
      step += 2
    }
    values.removeSubrange(count...)
    return values
  }
}
