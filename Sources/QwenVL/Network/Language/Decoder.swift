import Tensors

/// The language model: token embeddings, decoder layers, final norm and head.
struct Decoder {
  let embedding: Tensor  // [vocabulary, hidden]
  /// The embedding itself where they are tied.
  let head: Tensor  // [vocabulary, hidden]
  let frequencies: [Float]
  private let layers: [DecoderLayer]
  private let norm: Tensor  // [hidden]
  private let text: TextConfiguration

  init(_ scope: ParameterScope, configuration: QwenConfiguration) throws {
    let text = configuration.text
    let language = scope.scope("model.language_model")
    embedding = try language.parameter(
      "embed_tokens.weight", [text.vocabularySize, text.hiddenSize], .embedding)
    layers = try (0..<text.layers).map {
      try DecoderLayer(language.scope("layers.\($0)"), text: text, index: $0)
    }
    norm = try language.norm("norm", width: text.hiddenSize)
    head =
      configuration.tiedEmbeddings
      ? embedding : try scope.parameter("lm_head.weight", [text.vocabularySize, text.hiddenSize], .embedding)
    frequencies = RotaryAngles.frequencies(theta: text.ropeTheta, dimension: text.headDimension)
    self.text = text
  }

  /// The final hidden states of some rows, ready for the head.
  /// - Parameters:
  ///   - x: embeddings, [rows, hidden].
  ///   - reading: the rows wanted; absent: all of them.
  /// - Returns: [rows read, hidden]
  func callAsFunction(_ x: Tensor, _ pass: DecoderPass, reading: [Int]? = nil) -> Tensor {
    var x = x
    for (index, layer) in layers.enumerated() {
      let wanted = index == layers.count - 1 ? reading : nil
      x =
        pass.recomputesLayers
        ? recomputed(x) { layer($0, pass, reading: wanted) } : layer(x, pass, reading: wanted)
    }
    return rmsNorm(x, weight: norm, epsilon: Float(text.normEpsilon))
  }
}
