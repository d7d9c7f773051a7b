public import Tensors

extension QwenModel {
  /// Reads a model folder in Hugging Face form.
  ///
  /// Weights come from `model.safetensors` or the shards its index names, stored as bfloat16, float16 or
  /// float32, under the published names (`visual.…`, `model.layers.…`) or those of transformers 4.52 and later
  /// (`model.visual.…`, `model.language_model.…`). Where a matrix is stored as it is wanted, it stays in the
  /// mapped file and costs memory when it is first read.
  /// - Parameters:
  ///   - dtype: the form of the matrices. With bfloat16 every value is what bfloat16 holds of it; with int8
  ///     projections, embedding and head are quantised, once: the result is kept beside the model, see
  ///     ``QuantizedWeights``. Biases and norms are float32 in memory, with the values that `dtype` gives them, and
  ///     so are matrices that are trained, except in bfloat16: those stay in it, and the optimizer keeps a master
  ///     copy in float32.
  ///   - training: which parameters record gradients.
  ///   - device: the GPU whose memory takes the parameters; nil for the processor's.
  ///   - onNotice: told in a sentence what a person should know: that int8 weights were made and where they
  ///     are, or why they could not be kept.
  /// - Throws: an error that names the file, and the tensor if it is one's fault: a missing file or shard,
  ///   a tensor that is missing, unknown or of another shape than config.json calls for.
  public static func load(
    folder: String, dtype: DType = .float32, training: TrainedPart = .nothing, device: CUDADevice? = nil,
    onNotice: (String) -> Void = { _ in }
  ) throws -> QwenModel {
    guard device == nil || dtype != .int8 else {
      throw ModelError.invalid("int8 weights are for processors; on a GPU take bfloat16 or float32")
    }
    let configuration = try QwenConfiguration(folder: folder)
    let weights = try ShardedWeights(folder: folder)
    var missing: [String] = []
    var unknown = Set(weights.names)
    if configuration.tiedEmbeddings { unknown.remove("lm_head.weight") }
    let quantized =
      dtype == .int8
      ? try QuantizedWeights(weights, names: weights.names.filter(unknown.contains), onNotice: onNotice) : nil
    let model = try QwenModel(configuration: configuration, sourceFolder: folder) { declaration in
      let names = [declaration.name, declaration.publishedName]
      guard let name = names.first(where: unknown.contains) else {
        missing.append(declaration.name)
        // A configuration may claim any number of layers.
        guard missing.count < 1000 else { throw ModelError.missingTensors(missing, folder: folder) }
        return Tensor.zeros(declaration.shape.map { _ in 0 })
      }
      unknown.remove(name)
      let shape = try weights.shape(of: name)
      guard shape == declaration.shape else {
        throw ModelError.shape(name: name, found: shape, expected: declaration.shape, folder: folder)
      }
      let stored = try weights.dtype(of: name)
      guard [.float32, .bfloat16, .float16].contains(stored) else {
        throw ModelError.storedType(name: name, found: stored.rawValue, folder: folder)
      }
      let trained = training.includes(declaration)
      guard let quantized, quantized.holds(name) else {
        return try tensor(name, of: weights, as: dtype == .int8 ? .float32 : dtype, trained: trained)
      }
      let tensor = try quantized.tensor(of: name)
      return trained ? tensor.inFloat32().asParameter() : tensor
    }
    guard missing.isEmpty else { throw ModelError.missingTensors(missing, folder: folder) }
    // Older versions of transformers stored these constants beside the parameters.
    unknown = unknown.filter {
      !$0.hasSuffix("rotary_emb.inv_freq") && !$0.hasSuffix("rotary_pos_emb.inv_freq")
    }
    guard unknown.isEmpty else { throw ModelError.unknownTensors(Array(unknown), folder: folder) }
    if let device { return try model.moved(to: device) }
    // Every prompt goes through all of the decoder; not every one has an image.
    Tensor.readAhead(model.parameters.filter { !$0.name.hasPrefix("model.visual.") }.map(\.tensor))
    return model
  }

  /// A parameter with the values that `dtype` holds, in that form if it is a matrix, except for trained float32 ones,
  /// which are in memory of their own.
  private static func tensor(
    _ name: String, of weights: ShardedWeights, as dtype: DType, trained: Bool
  ) throws -> Tensor {
    let isMatrix = try weights.shape(of: name).count > 1
    if isMatrix && !trained { return try weights.weights(of: name, as: dtype) }
    if isMatrix && dtype == .bfloat16 { return try weights.weights(of: name, as: dtype).asParameter() }
    // In memory of its own: an optimizer writes to all of it.
    let tensor = try weights.tensor(of: name)
    try weights.forget(name)
    if dtype == .bfloat16 { tensor.roundToBFloat16InPlace() }
    return trained ? tensor.asParameter() : tensor
  }
}
