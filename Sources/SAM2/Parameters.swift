import Tensors

/// The tensors of a weight file below a name.
struct Parameters {
  private let weights: ShardedWeights
  private let prefix: String

  init(_ weights: ShardedWeights, prefix: String = "") {
    self.weights = weights
    self.prefix = prefix
  }

  func below(_ name: String) -> Parameters {
    Parameters(weights, prefix: prefix + name + ".")
  }

  /// - Throws: an error that names the folder and the tensor, for one that is missing, of another shape or format,
  ///   or not finite.
  func tensor(_ name: String, _ shape: [Int]) throws -> Tensor {
    let name = prefix + name
    guard weights.contains(name) else {
      throw SegmenterError(
        "\(weights.folder): tensor \(name) is missing, which config.json calls for; the weights are incomplete or of "
          + "another model")
    }
    let found = try weights.shape(of: name)
    guard found == shape else {
      throw SegmenterError(
        "\(weights.folder): tensor \(name) has shape \(found), but config.json calls for \(shape)")
    }
    let type = try weights.dtype(of: name)
    guard [.float32, .bfloat16, .float16].contains(type) else {
      throw SegmenterError(
        "\(weights.folder): tensor \(name) is stored as \(type.rawValue); weights are read as F32, BF16 or F16"
      )
    }
    let tensor = try weights.tensor(of: name)
    guard tensor.isFinite else {
      throw SegmenterError("\(weights.folder): tensor \(name) holds a value that is not a finite number")
    }
    return tensor
  }

  /// y = x Wᵀ + b
  func linear(_ name: String, from input: Int, to output: Int) throws -> Linear {
    try linear(name, shape: [output, input])
  }

  /// A convolution with a kernel of one pixel, on rows of channels.
  func pointwise(_ name: String, from input: Int, to output: Int) throws -> Linear {
    try linear(name, shape: [output, input, 1, 1])
  }

  func linear(_ name: String, shape: [Int]) throws -> Linear {
    let columns = shape.dropFirst().reduce(1, *)
    return Linear(
      weight: try tensor(name + ".weight", shape).reshaped([shape[0], columns]),
      bias: try tensor(name + ".bias", [shape[0]]))
  }

  func norm(_ name: String, width: Int, epsilon: Double = 1e-5) throws -> LayerNorm {
    LayerNorm(
      weight: try tensor(name + ".weight", [width]), bias: try tensor(name + ".bias", [width]),
      epsilon: Float(epsilon))
  }
}

/// y = x Wᵀ + b
struct Linear {
  let weight: Tensor  // [out, in]
  let bias: Tensor  // [out]

  func callAsFunction(_ x: Tensor) -> Tensor { Tensors.linear(x, weight: weight, bias: bias) }
}

struct LayerNorm {
  let weight: Tensor
  let bias: Tensor
  let epsilon: Float

  func callAsFunction(_ x: Tensor) -> Tensor { layerNorm(x, weight: weight, bias: bias, epsilon: epsilon) }
}

/// Layers with an activation between them.
struct FeedForward {
  private let layers: [Linear]
  private let activation: (Tensor) -> Tensor

  /// - Parameter count: layers, at least 2.
  init(
    _ parameters: Parameters, input: Int, hidden: Int, output: Int, count: Int = 2,
    activation: @escaping (Tensor) -> Tensor = relu
  ) throws {
    var layers = [try parameters.linear("proj_in", from: input, to: hidden)]
    for index in 0..<max(count - 2, 0) {
      layers.append(try parameters.linear("layers.\(index)", from: hidden, to: hidden))
    }
    layers.append(try parameters.linear("proj_out", from: hidden, to: output))
    self.layers = layers
    self.activation = activation
  }

  func callAsFunction(_ x: Tensor) -> Tensor {
    layers[layers.count - 1](layers.dropLast().reduce(x) { activation($1($0)) })
  }
}

/// max(x, 0)
func relu(_ x: Tensor) -> Tensor { clamp(x, lower: 0, upper: .infinity) }
