import Tensors

extension QwenModel {
  /// Reads a model folder in Hugging Face form.
  ///
  /// Weights come from `model.safetensors` or the shards its index names, stored as bfloat16, float16 or
  /// float32, under the published names (`visual.…`, `model.layers.…`) or those of transformers 4.52 and later
  /// (`model.visual.…`, `model.language_model.…`). They are float32 in memory.
  /// - Parameter training: which parameters record gradients.
  /// - Throws: an error that names the file, and the tensor if it is one's fault: a missing file or shard,
  ///   a tensor that is missing, unknown or of another shape than config.json calls for.
  public static func load(folder: String, training: TrainedPart = .nothing) throws -> QwenModel {
    let configuration = try QwenConfiguration(folder: folder)
    let weights = try ShardedWeights(folder: folder)
    var missing: [String] = []
    var unknown = Set(weights.names)
    if configuration.tiedEmbeddings { unknown.remove("lm_head.weight") }
    let model = try QwenModel(configuration: configuration, sourceFolder: folder) { declaration in
      let names = [declaration.name, declaration.publishedName]
      guard let name = names.first(where: unknown.contains) else {
        missing.append(declaration.name)
        return Tensor.zeros([0])
      }
      unknown.remove(name)
      let shape = try weights.shape(of: name)
      guard shape == declaration.shape else {
        throw ModelError.shape(name: name, found: shape, expected: declaration.shape, folder: folder)
      }
      let dtype = try weights.dtype(of: name)
      guard [.float32, .bfloat16, .float16].contains(dtype) else {
        throw ModelError.storedType(name: name, found: dtype.rawValue, folder: folder)
      }
      let tensor = try weights.tensor(of: name)
      return training.includes(declaration) ? tensor.asParameter() : tensor
    }
    guard missing.isEmpty else { throw ModelError.missingTensors(missing, folder: folder) }
    // Older versions of transformers stored these constants beside the parameters.
    unknown = unknown.filter {
      !$0.hasSuffix("rotary_emb.inv_freq") && !$0.hasSuffix("rotary_pos_emb.inv_freq")
    }
    guard unknown.isEmpty else { throw ModelError.unknownTensors(Array(unknown), folder: folder) }
    return model
  }
}
