public import Tensors

extension QwenModel {
  /// Patches the vision tower takes in one pass; more images than that are encoded one part after another.
  private static let patchesPerPass = 8192

  /// The image tokens of several images, image after image.
  /// - Parameter recomputingLayers: keep only each block's input for the backward pass.
  /// - Returns: [Σ tokens, hidden]; records history iff the vision tower is trained.
  public func encodeImages(_ images: [ImagePatches], recomputingLayers: Bool = false) throws -> Tensor {
    var parts: [Tensor] = []
    var waiting: [ImagePatches] = []
    var patches = 0
    for image in images {
      if !waiting.isEmpty, patches + image.rows * image.columns > Self.patchesPerPass {
        parts.append(try vision(waiting, recomputingBlocks: recomputingLayers))
        (waiting, patches) = ([], 0)
      }
      waiting.append(image)
      patches += image.rows * image.columns
    }
    if !waiting.isEmpty { parts.append(try vision(waiting, recomputingBlocks: recomputingLayers)) }
    if parts.isEmpty { return Tensor.zeros([0, configuration.text.hiddenSize], on: device) }
    return parts.count == 1 ? parts[0] : concatenatedRows(parts)
  }

  /// The logits behind every token of a prompt.
  /// - Parameter imageFeatures: what `encodeImages` gave for the prompt's images, to save computing it again.
  /// - Returns: [T, vocabulary]
  public func logits(_ prompt: Prompt, imageFeatures: Tensor? = nil) throws -> Tensor {
    try check([prompt])
    let images = DistinctImages([prompt])
    let given = try imageFeatures.map { try checked($0, for: prompt) }
    let features = try given ?? encodeImages(images.images)
    let pack = PackedPrompts(
      [prompt], images: images.ofPrompt,
      features: given == nil ? images.featureRows : [Array(0..<features.shape[0])],
      imageToken: configuration.imageTokenID)
    let hidden = decoder(embeddings(of: pack, features: features), try pass(for: pack))
    return try finite(linear(hidden, weight: decoder.head), "logits")
  }

  /// Token embeddings, with those of the image tokens replaced by the image features.
  func embeddings(of pack: PackedPrompts, features: Tensor?) -> Tensor {
    let words = embedding(decoder.embedding, ids: pack.ids)  // [rows, hidden]
    guard let features, !pack.imageRows.isEmpty else { return words }
    return replacingRows(of: words, at: pack.imageRows, with: gatherRows(features, pack.featureRows))
  }

  /// How a pack goes through the decoder.
  func pass(
    for pack: PackedPrompts, cache: KeyValueCache? = nil, keyCount: Int? = nil,
    recomputingLayers: Bool = false
  ) throws -> DecoderPass {
    DecoderPass(
      angles: RotaryAngles(
        positions: pack.positions, frequencies: decoder.frequencies,
        sections: configuration.text.ropeSections, on: device),
      layout: try SegmentLayout(
        segments: pack.segments, queryCount: pack.rowCount, keyCount: keyCount ?? pack.rowCount),
      cache: cache.map { ($0, pack.cacheRows) }, recomputesLayers: recomputingLayers)
  }

  /// Refuses prompts the network cannot take.
  func check(_ prompts: [Prompt]) throws {
    for prompt in prompts {
      guard !prompt.ids.isEmpty else { throw ModelError.invalid("the prompt is empty") }
      try check(prompt.ids, "the prompt")
      guard prompt.positions.count == 3, prompt.positions.allSatisfy({ $0.count == prompt.ids.count }) else {
        throw ModelError.invalid(
          "a prompt of \(prompt.ids.count) tokens needs 3 x \(prompt.ids.count) positions")
      }
      let pads = prompt.ids.count { $0 == configuration.imageTokenID }
      let tokens = prompt.images.reduce(0) { $0 + $1.tokenCount }
      guard pads == tokens else {
        throw ModelError.invalid(
          "the prompt has \(pads) image_pad tokens, but its \(prompt.images.count) images make \(tokens)")
      }
    }
  }

  func check(_ ids: [Int], _ what: String) throws {
    let vocabulary = configuration.text.vocabularySize
    if let id = ids.first(where: { !(0..<vocabulary).contains($0) }) {
      throw ModelError.invalid("\(what) holds token \(id), which is outside the vocabulary of \(vocabulary)")
    }
  }

  func checked(_ features: Tensor, for prompt: Prompt) throws -> Tensor {
    let tokens = prompt.images.reduce(0) { $0 + $1.tokenCount }
    let expected = [tokens, configuration.text.hiddenSize]
    guard features.shape == expected else {
      throw ModelError.invalid(
        "the image features have shape \(features.shape), but the prompt's images call for \(expected)")
    }
    return features
  }
}
