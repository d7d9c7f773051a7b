import FoundationEssentials
import ModelFiles
import OrderedJSON
import Tensors

/// Adapters on disk, in the form of the PEFT library: `adapter_config.json` and `adapter_model.safetensors`.
extension LoRAAdapter {
  private static let configurationFile = "adapter_config.json"
  private static let weightsFile = "adapter_model.safetensors"
  /// How adapters made with transformers before 4.52 name the decoder's layers.
  private static let olderLayers = "model.layers."

  /// Settings of PEFT under which an adapter computes something else.
  private static let variants = [
    "use_dora", "fan_in_fan_out", "rank_pattern", "alpha_pattern", "modules_to_save", "layer_replication",
    "alora_invocation_tokens", "arrow_config", "kasa_config", "monteclora_config", "velora_config",
    "use_qalora", "use_bdlora",
  ]
  /// Ways to begin an adapter that leave the weights beneath it as they are.
  private static let starts = ["gaussian", "eva", "orthogonal"]

  /// Writes the adapter alone, in float32; the weights last, under their final name only when complete.
  ///
  /// - Parameters:
  ///   - folder: made if it does not exist; files of the same names are replaced.
  ///   - base: the folder of the model it belongs to, for the note that PEFT keeps of it.
  public func save(to folder: String, base: String) throws {
    do {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      try Data(configuration(base: base).serializedBytes(pretty: true)).write(
        to: URL(filePath: "\(folder)/\(Self.configurationFile)"), options: .atomic)
    } catch {
      throw ModelError.file("\(folder): the adapter cannot be saved there: \(FileReason.words(error))")
    }
    try SafetensorsWriter.write(
      parameters.map { ($0.name, SafetensorsTensor.float32($0.tensor)) },
      to: "\(folder)/\(Self.weightsFile)", metadata: ["format": "pt"])
  }

  private func configuration(base: String) -> JSON {
    [
      "peft_type": "LORA",
      "task_type": "CAUSAL_LM",
      "base_model_name_or_path": .string(base),
      "r": .integer(settings.rank),
      "lora_alpha": .number(settings.alpha),
      "lora_dropout": 0.0,
      "target_modules": coversEveryLayer ? .string(pattern) : .array(projections.map { .string($0) }),
      "bias": "none",
      "fan_in_fan_out": false,
      "init_lora_weights": true,
      "use_rslora": false,
      "use_dora": false,
      "inference_mode": true,
    ]
  }

  /// A pattern instead of ends of names: the vision tower has projections of the same names.
  private var pattern: String {
    let names = settings.targets.map(\.rawValue).joined(separator: "|")
    return "model\\.language_model\\.layers\\.\\d+\\.(self_attn|mlp)\\.(\(names))"
  }

  /// Reads an adapter for a model, written here or by PEFT; it may adapt some of the layers alone.
  ///
  /// - Throws: an error that names the file, and the tensor if it is one's fault: a missing file, a variant that
  ///   computes something else, a tensor that is missing of what the settings name or beside its other half, of another
  ///   shape, not finite or of the vision tower.
  public init(folder path: String, for model: QwenModel) throws {
    let folder = ModelFolder(path)
    let name = Self.configurationFile
    let reader = try SettingsReader(file: folder.path(of: name), values: try folder.json(name))
    if let type = try reader.text("peft_type"), type != "LORA" {
      throw reader.failure("peft_type", "is \"\(type)\"; only \"LORA\" is implemented")
    }
    if let bias = try reader.text("bias"), bias != "none" {
      throw reader.failure("bias", "is \"\(bias)\"; only \"none\" is implemented")
    }
    for key in Self.variants {
      guard let value = reader.value(key), value != false else { continue }
      guard value.members?.isEmpty ?? value.array?.isEmpty ?? false else {
        throw reader.failure(
          key,
          "is \(value == true ? "true" : "set"): such an adapter computes something else than a plain one, and is not read"
        )
      }
    }
    if let start = reader.value("init_lora_weights")?.string, !Self.starts.contains(start) {
      throw reader.failure(
        "init_lora_weights",
        "is \"\(start)\": such an adapter belongs to weights that were changed when it was begun; have PEFT convert it "
          + "to a plain one (save_pretrained with path_initial_model_for_weight_conversion)")
    }
    let rank = try reader.whole("r", default: 8)
    let alpha = try reader.positive("lora_alpha", default: 8)
    let scale =
      try reader.truth("use_rslora", default: false)
      ? alpha / Double(rank).squareRoot() : alpha / Double(rank)

    let file = try SafetensorsFile(path: folder.path(of: Self.weightsFile))
    var stored: [String: String] = [:]  // by the name it has here
    for name in file.names { stored[Self.currentName(name)] = name }
    let coverage = try AdapterCoverage(reader)
    func isNamed(_ projection: String) -> Bool {
      coverage.names(
        [projection, Self.olderName(ofProjection: projection)], layer: Self.layer(ofProjection: projection))
    }
    let targets = LoRASettings.Target.allCases.filter { target in
      stored.keys.contains { $0.hasSuffix("." + target.rawValue + Self.down) }
        || model.parameters.contains { Self.projection($0.name, among: [target]).map(isNamed) ?? false }
    }
    guard !targets.isEmpty else {
      throw ModelError.file("\(file.path): holds no adapted projection of the decoder")
    }
    try self.init(
      for: model, settings: LoRASettings(rank: rank, alpha: scale * Double(rank), targets: targets),
      scale: scale,
      covering: { projection in
        stored[Self.prefix + projection + Self.down] != nil
          || stored[Self.prefix + projection + Self.up] != nil
          || isNamed(projection)
      }
    ) { name, shape in
      guard let own = stored.removeValue(forKey: name) else {
        throw ModelError.missingTensors([name], folder: file.path)
      }
      let found = try file.shape(of: own)
      guard found == shape else {
        throw ModelError.shape(name: own, found: found, expected: shape, folder: file.path)
      }
      let type = try file.dtype(of: own)
      guard [.float32, .bfloat16, .float16].contains(type) else {
        throw ModelError.storedType(name: own, found: type.rawValue, folder: file.path)
      }
      let tensor = try file.tensor(of: own)
      guard tensor.isFinite else {
        throw ModelError.file("\(file.path): tensor \(own) holds a value that is not a finite number")
      }
      return tensor
    }
    guard stored.isEmpty else {
      let names = stored.values.sorted()
      let vision = names.contains { $0.contains("visual.") }
      throw ModelError.file(
        "\(file.path): \(names.count) tensors belong to no projection of the decoder, such as \(names[0])"
          + (vision ? "; adapters of the vision tower are not implemented" : ""))
    }
  }

  /// The name of a tensor as adapters made with transformers 4.52 and later have it.
  private static func currentName(_ name: String) -> String {
    let older = prefix + olderLayers
    return name.hasPrefix(older) ? prefix + layers + name.dropFirst(older.count) : name
  }

  private static func olderName(ofProjection name: String) -> String {
    olderLayers + name.dropFirst(layers.count)
  }

  private static func layer(ofProjection name: String) -> Int {
    Int(name.dropFirst(layers.count).prefix { $0 != "." }) ?? 0
  }
}
