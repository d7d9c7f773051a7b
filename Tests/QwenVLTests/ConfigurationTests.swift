import ModelFiles
import OrderedJSON
import QwenVL
import Testing

@Suite("The configuration")
struct ConfigurationTests {
  /// The shape of the golden folder, as published for Qwen2.5-VL: everything in one object.
  private let flat: JSON = [
    "architectures": ["Qwen2_5_VLForConditionalGeneration"], "model_type": "qwen2_5_vl",
    "vocab_size": 986, "hidden_size": 48, "intermediate_size": 96, "num_hidden_layers": 2,
    "num_attention_heads": 4, "num_key_value_heads": 2, "rms_norm_eps": 1e-6, "rope_theta": 500000.0,
    "max_position_embeddings": 4096, "eos_token_id": 958, "torch_dtype": "bfloat16",
    "rope_scaling": ["type": "mrope", "mrope_section": [2, 2, 2]], "tie_word_embeddings": true,
    "image_token_id": 968, "video_token_id": 969, "vision_start_token_id": 965, "vision_end_token_id": 966,
    "vision_config": [
      "depth": 3, "hidden_size": 32, "intermediate_size": 64, "num_heads": 2, "in_chans": 3,
      "out_hidden_size": 48, "window_size": 56, "fullatt_block_indexes": [1],
    ],
  ]

  /// The same with a `text_config`, as transformers 4.5x wrote it.
  private var nested: JSON {
    let text = JSON.object(
      (flat.members ?? []).filter {
        !["architectures", "model_type", "vision_config"].contains($0.key) && !$0.key.contains("_token_id")
      })
    let inner = text.setting("eos_token_id", to: 958).setting(
      "rope_scaling", to: ["type": "default", "rope_type": "default", "mrope_section": [2, 2, 2]])
    return .object(
      (flat.members ?? []).filter {
        ["architectures", "model_type", "vision_config", "torch_dtype"].contains($0.key)
          || $0.key.hasPrefix("vision_") || ["image_token_id", "video_token_id"].contains($0.key)
      }
    ).setting("text_config", to: inner)
  }

  @Test("the three forms of the file say the same")
  func forms() throws {
    var saved = try QwenConfiguration(folder: TextGolden.single)
    #expect(saved.storedDType == nil)
    saved.storedDType = "bfloat16"
    #expect(try QwenConfiguration(json: flat) == saved)
    #expect(try QwenConfiguration(json: nested) == saved)
    #expect(try QwenConfiguration(json: saved.json) == saved)
    #expect(saved.text.ropeTheta == 500_000 && saved.text.headDimension == 12)
    #expect(saved.vision.windowTokens == 2 && saved.vision.patchLength == 1176)
  }

  @Test("the vision tower's rotary base is kept when a model is saved, and other rotary variants are refused")
  func visionRotary() throws {
    let vision = flat["vision_config"] ?? .object([])
    func configuration(_ rope: JSON) throws -> QwenConfiguration {
      try QwenConfiguration(
        json: flat.setting("vision_config", to: vision.setting("rope_parameters", to: rope)))
    }
    let other = try configuration(["rope_type": "axial", "rope_theta": 500.0])
    #expect(other.vision.ropeTheta == 500)
    #expect(try QwenConfiguration(json: other.json) == other)
    let error = #expect(throws: ModelFileError.self) {
      try configuration(["rope_type": "yarn", "rope_theta": 500.0])
    }
    #expect(error?.problem.contains("vision_config.rope_parameters.rope_type") == true)
  }

  @Test("absent keys have the values transformers gives them")
  func defaults() throws {
    let bare: JSON = ["vision_config": ["out_hidden_size": 8192]]
    let configuration = try QwenConfiguration(json: bare)
    #expect(configuration.text.layers == 80 && configuration.text.keyValueHeads == 8)
    #expect(configuration.text.ropeSections == [16, 24, 24])
    #expect(configuration.vision.fullAttentionBlocks == [7, 15, 23, 31])
    #expect(!configuration.tiedEmbeddings && configuration.imageTokenID == 151_655)
  }

  @Test(
    "values that contradict each other are refused by name",
    arguments: [
      ("hidden_size", 50, "\"hidden_size\" is 50, which does not divide into 4"),
      ("num_key_value_heads", 3, "\"num_key_value_heads\" is 3, which does not divide the 4"),
      ("num_hidden_layers", 0, "\"num_hidden_layers\" must be a whole number of at least 1, not 0"),
      ("num_hidden_layers", 2_147_483_647, "\"num_hidden_layers\" is 2147483647; at most 4096"),
      ("vision_config", ["depth": 2_147_483_647], "\"vision_config.depth\" is 2147483647; at most 4096"),
      ("num_hidden_layers", "two", "must be a whole number of at least 1, not \"two\""),
      ("rope_scaling", ["type": "yarn"], "the rotary variant \"yarn\""),
      ("rope_scaling", ["mrope_section": [1, 2, 2]], "\"rope_scaling.mrope_section\" is [1, 2, 2]"),
      ("image_token_id", 986, "\"image_token_id\" is 986, outside of the vocabulary of 986"),
      ("model_type", "llama", "only \"qwen2_5_vl\" is implemented"),
      ("hidden_act", "gelu", "only \"silu\" is implemented"),
      ("vision_config", ["out_hidden_size": 64], "\"vision_config.out_hidden_size\" is 64"),
      (
        "vision_config", ["out_hidden_size": 48, "depth": 2, "fullatt_block_indexes": [2]],
        "\"vision_config.fullatt_block_indexes\" names block 2 of a tower with 2"
      ),
      ("vision_config", ["hidden_size": 30, "num_heads": 5], "must divide by 4"),
    ] as [(String, JSON, String)])
  func contradictions(key: String, value: JSON, message: String) {
    let error = #expect(throws: ModelFileError.self) {
      try QwenConfiguration(json: flat.setting(key, to: value))
    }
    #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
  }

  @Test("stop tokens are one or several, and those of config.json without a generation_config.json")
  func stopTokens() throws {
    let defaults = try GenerationDefaults(folder: TextGolden.single)
    #expect(defaults.stopTokenIDs == [958, 956])
    #expect(defaults.repetitionPenalty == 1.05)
    let configuration = try QwenConfiguration(json: flat)
    #expect(
      try GenerationDefaults(folder: TextGolden.older, configuration: configuration).stopTokenIDs == [958])
    let single = try TextGolden.withCopy(of: TextGolden.single) {
      try TextGolden.replace("[958,956]", by: "957", in: $0 + "/generation_config.json")
    } _: {
      try GenerationDefaults(folder: $0)
    }
    #expect(single.stopTokenIDs == [957])
  }
}
