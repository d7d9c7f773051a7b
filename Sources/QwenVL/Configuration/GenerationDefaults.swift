import ModelFiles
import OrderedJSON

/// How a model's makers sample from it: `generation_config.json`.
public struct GenerationDefaults: Sendable, Equatable {
  /// Tokens that end a reply, each of them.
  public var stopTokenIDs: [Int]
  public var samples: Bool
  public var temperature: Double?
  public var topP: Double?
  public var topK: Int?
  public var repetitionPenalty: Double?

  public init(
    stopTokenIDs: [Int], samples: Bool = false, temperature: Double? = nil, topP: Double? = nil,
    topK: Int? = nil, repetitionPenalty: Double? = nil
  ) {
    self.stopTokenIDs = stopTokenIDs
    self.samples = samples
    self.temperature = temperature
    self.topP = topP
    self.topK = topK
    self.repetitionPenalty = repetitionPenalty
  }

  /// Reads `generation_config.json`; without the file, or without `eos_token_id` in it, the configuration's
  /// stop tokens apply.
  ///
  /// - Throws: ``ModelFileError`` for a malformed file or a stop token outside of the vocabulary.
  public init(folder path: String, configuration: QwenConfiguration) throws {
    let folder = ModelFolder(path)
    let name = "generation_config.json"
    guard folder.has(name) else {
      self.init(stopTokenIDs: configuration.stopTokenIDs)
      return
    }
    let reader = try SettingsReader(file: folder.path(of: name), values: try folder.json(name))
    let stops = try reader.tokenIDs("eos_token_id") ?? configuration.stopTokenIDs
    if let beyond = stops.first(where: { $0 >= configuration.text.vocabularySize }) {
      throw reader.failure(
        "eos_token_id",
        "names token \(beyond), outside of the vocabulary of \(configuration.text.vocabularySize)")
    }
    self.init(
      stopTokenIDs: stops,
      samples: try reader.truth("do_sample", default: false),
      temperature: try reader.number("temperature"),
      topP: try reader.number("top_p"),
      topK: reader.has("top_k") ? try reader.whole("top_k", default: 0, atLeast: 0) : nil,
      repetitionPenalty: try reader.number("repetition_penalty"))
  }

  public init(folder: String) throws {
    try self.init(folder: folder, configuration: try QwenConfiguration(folder: folder))
  }
}
