import FoundationEssentials
import ModelFiles
import Tensors

extension QwenModel {
  /// How weights are stored.
  public enum StoredType: String, Sendable, CaseIterable {
    case float32
    case bfloat16
  }

  /// What a model folder holds besides weights and config.json; taken along where the source has it.
  private static let companions = [
    "generation_config.json", "preprocessor_config.json", "tokenizer.json", "tokenizer_config.json",
    "vocab.json", "merges.txt", "chat_template.json", "chat_template.jinja", "added_tokens.json",
    "special_tokens_map.json",
    // Which pictures the model was trained on: true of whatever is made of it.
    "trained-on.json",
  ]

  /// Writes a model folder that transformers opens: config.json in the published form, `model.safetensors`
  /// under the names of transformers 4.52 and later, and the tokenizer and settings of the source folder.
  ///
  /// The weights are written last, under their final name only when complete. Those that are in memory in the
  /// stored form keep every bit. An adapter is merged into the weights; it is saved alone by
  /// ``LoRAAdapter/save(to:base:)``.
  /// - Parameters:
  ///   - folder: made if it does not exist; files of the same names are replaced.
  ///   - companions: the folder to take tokenizer and settings from; absent: the one the model was loaded from.
  public func save(to folder: String, dtype: StoredType = .float32, companions: String? = nil) throws {
    let files = FileManager.default
    do {
      try files.createDirectory(atPath: folder, withIntermediateDirectories: true)
      if let source = companions ?? sourceFolder {
        for name in Self.companions where files.fileExists(atPath: "\(source)/\(name)") {
          let bytes = try Data(contentsOf: URL(filePath: "\(source)/\(name)"))
          try bytes.write(to: URL(filePath: "\(folder)/\(name)"), options: .atomic)
        }
      }
      var stored = configuration
      stored.storedDType = dtype.rawValue
      try Data(stored.json.serializedBytes(pretty: true)).write(
        to: URL(filePath: "\(folder)/config.json"), options: .atomic)
    } catch {
      let (path, reason) = FileReason.of(error) ?? (nil, "\(error)")
      throw ModelError.file("\(path ?? folder): the model cannot be saved there: \(reason)")
    }
    try writeWeights(to: "\(folder)/model.safetensors", dtype: dtype)
  }

  /// Writes the weights alone as one safetensors file, an adapter merged into them one matrix at a time.
  /// - Throws: `ModelError.invalid` for a model with int8 weights: what quantising took away would be lost
  ///   without a trace.
  public func writeWeights(to path: String, dtype: StoredType = .float32) throws {
    guard !parameters.contains(where: { $0.tensor.dtype == .int8 }) else {
      throw ModelError.invalid(
        "\(path): int8 weights cannot be saved as \(dtype.rawValue); load the model as float32 or bfloat16")
    }
    func stored(_ tensor: Tensor) -> SafetensorsTensor {
      dtype == .float32 ? .float32(tensor) : .bfloat16(tensor)
    }
    let tensors = parameters.map { name, tensor in
      guard let update = adapter?.update(ofWeight: name) else { return (name, stored(tensor)) }
      return (
        name,
        .made(shape: tensor.shape, dtype: stored(tensor).dtype) { stored(update.added(to: tensor)) }
      )
    }
    try SafetensorsWriter.write(tensors, to: path, metadata: ["format": "pt"])
  }
}
