import ModelFiles
public import OrderedJSON

/// The configuration of a Qwen2.5-VL model: `config.json` as published (flat), as transformers 4.5x writes it
/// (`text_config`) or as transformers 5 does (`rope_parameters`). Absent keys have the values transformers
/// gives them; values that contradict each other are refused.
public struct QwenConfiguration: Sendable, Equatable {
  public var text: TextConfiguration
  public var vision: VisionConfiguration
  /// The placeholder that an image token's embedding replaces, `<|image_pad|>`.
  public var imageTokenID: Int
  public var videoTokenID: Int
  public var visionStartTokenID: Int
  public var visionEndTokenID: Int
  /// Whether the output head is the embedding table.
  public var tiedEmbeddings: Bool
  /// The type the weights were saved in ("bfloat16", "float32" …) where the file says so.
  public var storedDType: String?
  /// Tokens that end a reply, for a folder without `generation_config.json`.
  public var stopTokenIDs: [Int]
  public var architecture: String

  public static let architecture = "Qwen2_5_VLForConditionalGeneration"

  public init(
    text: TextConfiguration, vision: VisionConfiguration, imageTokenID: Int, videoTokenID: Int,
    visionStartTokenID: Int, visionEndTokenID: Int, tiedEmbeddings: Bool, storedDType: String? = nil,
    stopTokenIDs: [Int] = []
  ) {
    self.text = text
    self.vision = vision
    self.imageTokenID = imageTokenID
    self.videoTokenID = videoTokenID
    self.visionStartTokenID = visionStartTokenID
    self.visionEndTokenID = visionEndTokenID
    self.tiedEmbeddings = tiedEmbeddings
    self.storedDType = storedDType
    self.stopTokenIDs = stopTokenIDs
    self.architecture = Self.architecture
  }

  /// Reads `config.json` of a model folder.
  ///
  /// - Throws: ``ModelFileError`` naming the file, the key and what is wrong with it.
  public init(folder: String) throws {
    let folder = ModelFolder(folder)
    let file = folder.path(of: "config.json")
    try self.init(json: try folder.json("config.json"), file: file)
  }

  /// Reads a configuration that is already parsed; `file` is named in errors.
  public init(json: JSON, file: String = "config.json") throws {
    let reader = try SettingsReader(file: file, values: json)
    if let type = try reader.text("model_type"), type != "qwen2_5_vl" {
      throw reader.failure("model_type", "is \"\(type)\"; only \"qwen2_5_vl\" is implemented")
    }
    let nested = try reader.object("text_config")
    let textReader = nested ?? reader
    text = try TextConfiguration(textReader)
    vision = try VisionConfiguration(
      try reader.object("vision_config")
        ?? SettingsReader(file: file, place: "vision_config.", values: .object([])))
    imageTokenID = try reader.whole("image_token_id", default: 151_655, atLeast: 0)
    videoTokenID = try reader.whole("video_token_id", default: 151_656, atLeast: 0)
    visionStartTokenID = try reader.whole("vision_start_token_id", default: 151_652, atLeast: 0)
    visionEndTokenID = try reader.whole("vision_end_token_id", default: 151_653, atLeast: 0)
    let tied = try reader.truth("tie_word_embeddings", default: false)
    tiedEmbeddings = try nested?.truth("tie_word_embeddings", default: tied) == true || tied
    storedDType =
      try reader.text("dtype") ?? reader.text("torch_dtype") ?? nested?.text("dtype")
      ?? nested?.text("torch_dtype")
    stopTokenIDs = try textReader.tokenIDs("eos_token_id") ?? []
    architecture = reader.value("architectures")?[0]?.string ?? Self.architecture
    try validate(reader)
  }

  private func validate(_ reader: SettingsReader) throws(ModelFileError) {
    guard vision.outputSize == text.hiddenSize else {
      throw reader.failure(
        "vision_config.out_hidden_size",
        "is \(vision.outputSize), but the language model's hidden_size is \(text.hiddenSize)")
    }
    let special = [
      ("image_token_id", imageTokenID), ("vision_start_token_id", visionStartTokenID),
      ("vision_end_token_id", visionEndTokenID),
    ]
    for (key, id) in special where id >= text.vocabularySize {
      throw reader.failure(key, "is \(id), outside of the vocabulary of \(text.vocabularySize)")
    }
  }
}

extension SettingsReader {
  /// One token identifier or a list of them.
  func tokenIDs(_ key: String) throws(ModelFileError) -> [Int]? {
    guard let value = value(key) else { return nil }
    return value.array == nil ? [try whole(key, value, atLeast: 0)] : try wholes(key)
  }
}
