import ModelFiles

/// The shape of the language model: a pre-norm decoder with grouped-query attention, biases on the query,
/// key and value projections, SwiGLU and multimodal rotary positions.
public struct TextConfiguration: Sendable, Equatable {
  /// Rows of the embedding table; at least the tokenizer's size, usually padded above it.
  public var vocabularySize: Int
  public var hiddenSize: Int
  /// Width of the gated MLP.
  public var intermediateSize: Int
  public var layers: Int
  public var heads: Int
  /// Key-value heads; each serves `heads / keyValueHeads` query heads.
  public var keyValueHeads: Int
  public var normEpsilon: Double
  /// Base θ of the rotary frequencies.
  public var ropeTheta: Double
  /// How many of the `headDimension / 2` frequencies follow the temporal, height and width position.
  public var ropeSections: [Int]
  /// The longest context the model was made for.
  public var maximumPositions: Int

  public var headDimension: Int { hiddenSize / heads }

  public init(
    vocabularySize: Int, hiddenSize: Int, intermediateSize: Int, layers: Int, heads: Int,
    keyValueHeads: Int, normEpsilon: Double = 1e-6, ropeTheta: Double = 1_000_000,
    ropeSections: [Int], maximumPositions: Int = 128_000
  ) {
    self.vocabularySize = vocabularySize
    self.hiddenSize = hiddenSize
    self.intermediateSize = intermediateSize
    self.layers = layers
    self.heads = heads
    self.keyValueHeads = keyValueHeads
    self.normEpsilon = normEpsilon
    self.ropeTheta = ropeTheta
    self.ropeSections = ropeSections
    self.maximumPositions = maximumPositions
  }
}

extension TextConfiguration {
  /// - Parameter reader: `text_config`, or the whole file where it is flat as published.
  init(_ reader: SettingsReader) throws(ModelFileError) {
    let heads = try reader.whole("num_attention_heads", default: 64)
    // Absent and null mean different things for this one key.
    let keyValueHeads = reader.values["num_key_value_heads"]?.isNull == true ? heads : 8
    let (theta, sections) = try Self.rotary(reader)
    self.init(
      vocabularySize: try reader.whole("vocab_size", default: 152_064),
      hiddenSize: try reader.whole("hidden_size", default: 8192),
      intermediateSize: try reader.whole("intermediate_size", default: 29_568),
      layers: try reader.whole("num_hidden_layers", default: 80),
      heads: heads,
      keyValueHeads: try reader.whole("num_key_value_heads", default: keyValueHeads),
      normEpsilon: try reader.positive("rms_norm_eps", default: 1e-5),
      ropeTheta: theta,
      ropeSections: sections,
      maximumPositions: try reader.whole("max_position_embeddings", default: 32_768))
    try validate(reader)
  }

  /// θ and the sections from `rope_parameters` (transformers 5) or `rope_theta` and `rope_scaling` (before).
  private static func rotary(_ reader: SettingsReader) throws(ModelFileError) -> (Double, [Int]) {
    let key = reader.has("rope_scaling") ? "rope_scaling" : "rope_parameters"
    let outer = try reader.positive("rope_theta", default: 1_000_000)
    guard let rope = try reader.object(key) else { return (outer, [16, 24, 24]) }
    let kind = try rope.text(rope.has("rope_type") ? "rope_type" : "type") ?? "default"
    guard kind == "default" || kind == "mrope" else {
      throw reader.failure(
        key, "asks for the rotary variant \"\(kind)\"; only \"default\" and \"mrope\" are implemented")
    }
    return (
      try rope.positive("rope_theta", default: outer),
      try rope.wholes("mrope_section") ?? [16, 24, 24]
    )
  }

  private func validate(_ reader: SettingsReader) throws(ModelFileError) {
    try reader.requireSiLU()
    guard layers <= 4096 else {
      throw reader.failure("num_hidden_layers", "is \(layers); at most 4096 is accepted")
    }
    guard hiddenSize % heads == 0 else {
      throw reader.failure(
        "hidden_size", "is \(hiddenSize), which does not divide into \(heads) attention heads")
    }
    if let stated = reader.value("head_dim"), stated.int != headDimension {
      throw reader.failure(
        "head_dim",
        "is \(stated.serialized()), but hidden_size \(hiddenSize) over \(heads) heads is \(headDimension)")
    }
    guard heads % keyValueHeads == 0 else {
      throw reader.failure(
        "num_key_value_heads", "is \(keyValueHeads), which does not divide the \(heads) attention heads")
    }
    guard headDimension % 2 == 0 else {
      throw reader.failure(
        "hidden_size", "gives heads of the odd width \(headDimension), which cannot be rotated in pairs")
    }
    guard ropeSections.count == 3, ropeSections.reduce(0, +) == headDimension / 2 else {
      throw reader.failure(
        reader.has("rope_scaling") ? "rope_scaling.mrope_section" : "rope_parameters.mrope_section",
        "is \(ropeSections); it must be three numbers that add up to half of the head width, "
          + "\(headDimension / 2)")
    }
    if try reader.truth("use_sliding_window", default: false) {
      let full = try reader.whole("max_window_layers", default: 80, atLeast: 0)
      guard full >= layers else {
        throw reader.failure(
          "use_sliding_window", "asks for sliding windows from layer \(full) on, which is not implemented")
      }
    }
  }
}

extension SettingsReader {
  func requireSiLU() throws(ModelFileError) {
    if let activation = try text("hidden_act"), activation != "silu" {
      throw failure("hidden_act", "is \"\(activation)\"; only \"silu\" is implemented")
    }
  }
}
