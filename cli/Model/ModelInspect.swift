import ArgumentParser
import OrderedJSON
import QwenVL
import Tensors

/// `ar1 model inspect`: what a model folder holds, from its configuration and the headers of its weights.
struct ModelInspect: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "Show architecture, size and shapes of a model.",
    discussion: "Reads config.json and the headers of the safetensors files, not the weights.")

  @Argument(help: "A model folder in Hugging Face form.", completion: .directory)
  var model: String

  @Flag(help: "Print one JSON document.")
  var json = false

  func run() throws {
    let configuration = try QwenConfiguration(folder: model)
    let contents = try WeightsSummary(folder: model, tiedEmbeddings: configuration.tiedEmbeddings)
    let document: JSON = [
      "architecture": .string(configuration.architecture),
      "parameters": .integer(contents.parameters),
      "dtype": .string(contents.dtype),
      "tied_embeddings": .bool(configuration.tiedEmbeddings),
      "vision": Self.json(configuration.vision),
      "text": Self.json(configuration.text),
    ]
    if json {
      JSONOutput.print(document)
    } else {
      Terminal.write(Self.lines(document, indent: "").map { $0 + "\n" }.joined())
    }
  }

  private static func json(_ vision: VisionConfiguration) -> JSON {
    [
      "depth": .integer(vision.depth),
      "hidden_size": .integer(vision.hiddenSize),
      "num_heads": .integer(vision.heads),
      "intermediate_size": .integer(vision.intermediateSize),
      "patch_size": .integer(vision.patchSize),
      "temporal_patch_size": .integer(vision.temporalPatchSize),
      "spatial_merge_size": .integer(vision.mergeSize),
      "window_size": .integer(vision.windowSize),
      "fullatt_block_indexes": .array(vision.fullAttentionBlocks.map(JSON.integer)),
      "out_hidden_size": .integer(vision.outputSize),
    ]
  }

  private static func json(_ text: TextConfiguration) -> JSON {
    [
      "num_hidden_layers": .integer(text.layers),
      "hidden_size": .integer(text.hiddenSize),
      "num_attention_heads": .integer(text.heads),
      "num_key_value_heads": .integer(text.keyValueHeads),
      "head_dim": .integer(text.headDimension),
      "intermediate_size": .integer(text.intermediateSize),
      "vocab_size": .integer(text.vocabularySize),
      "rms_norm_eps": .number(text.normEpsilon),
      "rope_theta": .number(text.ropeTheta),
      "mrope_section": .array(text.ropeSections.map(JSON.integer)),
      "max_position_embeddings": .integer(text.maximumPositions),
    ]
  }

  /// The document for reading: a name and a value per line, objects indented.
  private static func lines(_ value: JSON, indent: String) -> [String] {
    (value.members ?? []).flatMap { member in
      if member.value.members != nil {
        return ["\(indent)\(member.key)"] + lines(member.value, indent: indent + "  ")
      }
      return ["\(indent)\(member.key)  \(member.value.string ?? member.value.serialized())"]
    }
  }
}

/// What the headers of a model's weights say.
struct WeightsSummary {
  /// Trained values; an output head that is the embedding table counts once.
  let parameters: Int
  /// The type most values are stored in, as configurations name it.
  let dtype: String

  init(folder: String, tiedEmbeddings: Bool) throws {
    let weights = try ShardedWeights(folder: folder)
    var total = 0
    var byType: [SafetensorsDType: Int] = [:]
    for name in weights.names where !(tiedEmbeddings && name == "lm_head.weight") {
      let count = try weights.shape(of: name).reduce(1, *)
      total += count
      byType[try weights.dtype(of: name), default: 0] += count
    }
    parameters = total
    let most = byType.max { ($0.value, $0.key.rawValue) < ($1.value, $1.key.rawValue) }?.key
    dtype = most.map(Self.name) ?? "none"
  }

  private static func name(_ type: SafetensorsDType) -> String {
    switch type.rawValue {
    case "F32": "float32"
    case "F16": "float16"
    case "BF16": "bfloat16"
    default: type.rawValue.lowercased()
    }
  }
}
