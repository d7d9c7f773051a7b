import Tensors

/// Tokens and image look at each other: the body of the mask decoder.
struct TwoWayTransformer {
  private let layers: [TwoWayLayer]
  private let last: CrossAttention
  private let norm: LayerNorm

  init(_ parameters: Parameters, decoder: SegmenterConfiguration.Decoder) throws {
    layers = try (0..<decoder.layers).map {
      try TwoWayLayer(parameters.below("layers.\($0)"), decoder: decoder, isFirst: $0 == 0)
    }
    last = try CrossAttention(
      parameters.below("final_attn_token_to_image"), decoder: decoder,
      narrowing: decoder.attentionDownsampling)
    norm = try parameters.norm("layer_norm_final_attn", width: decoder.width)
  }

  /// - Parameters:
  ///   - tokens: [tokens, width]
  ///   - image: [places, width]
  ///   - positions: of the image's places, [places, width].
  func callAsFunction(
    tokens: Tensor, image: Tensor, positions: Tensor
  ) throws -> (tokens: Tensor, image: Tensor) {
    var (queries, keys) = (tokens, image)
    for layer in layers {
      (queries, keys) = try layer(queries, keys, tokenPositions: tokens, imagePositions: positions)
    }
    let attended = try last(query: add(queries, tokens), key: add(keys, positions), value: keys)
    return (norm(add(queries, attended)), keys)
  }
}

private struct TwoWayLayer {
  private let own: CrossAttention
  private let toImage: CrossAttention
  private let toTokens: CrossAttention
  private let mlp: FeedForward
  private let norms: [LayerNorm]
  private let isFirst: Bool

  init(_ parameters: Parameters, decoder: SegmenterConfiguration.Decoder, isFirst: Bool) throws {
    let narrowing = decoder.attentionDownsampling
    own = try CrossAttention(parameters.below("self_attn"), decoder: decoder, narrowing: 1)
    toImage = try CrossAttention(
      parameters.below("cross_attn_token_to_image"), decoder: decoder, narrowing: narrowing)
    toTokens = try CrossAttention(
      parameters.below("cross_attn_image_to_token"), decoder: decoder, narrowing: narrowing)
    mlp = try FeedForward(
      parameters.below("mlp"), input: decoder.width, hidden: decoder.mlpWidth, output: decoder.width,
      count: decoder.layers)
    norms = try (1...4).map { try parameters.norm("layer_norm\($0)", width: decoder.width) }
    self.isFirst = isFirst
  }

  func callAsFunction(
    _ tokens: Tensor, _ image: Tensor, tokenPositions: Tensor, imagePositions: Tensor
  ) throws -> (Tensor, Tensor) {
    var (tokens, image) = (tokens, image)
    if isFirst {
      // The tokens are still their own positions, and there is nothing to keep beside them.
      tokens = try own(query: tokens, key: tokens, value: tokens)
    } else {
      let placed = add(tokens, tokenPositions)
      tokens = add(tokens, try own(query: placed, key: placed, value: tokens))
    }
    tokens = norms[0](tokens)
    let placedImage = add(image, imagePositions)
    tokens = norms[1](
      add(tokens, try toImage(query: add(tokens, tokenPositions), key: placedImage, value: image)))
    tokens = norms[2](add(tokens, mlp(tokens)))
    let answer = try toTokens(query: placedImage, key: add(tokens, tokenPositions), value: tokens)
    image = norms[3](add(image, answer))
    return (tokens, image)
  }
}

/// Attention with projections that may be narrower than what they look at.
struct CrossAttention {
  private let query: Linear
  private let key: Linear
  private let value: Linear
  private let output: Linear
  private let heads: Int
  private let headWidth: Int

  init(_ parameters: Parameters, decoder: SegmenterConfiguration.Decoder, narrowing: Int) throws {
    let (width, inner) = (decoder.width, decoder.width / narrowing)
    query = try parameters.linear("q_proj", from: width, to: inner)
    key = try parameters.linear("k_proj", from: width, to: inner)
    value = try parameters.linear("v_proj", from: width, to: inner)
    output = try parameters.linear("o_proj", from: inner, to: width)
    heads = decoder.heads
    headWidth = inner / decoder.heads
  }

  func callAsFunction(query: Tensor, key: Tensor, value: Tensor) throws -> Tensor {
    let (queries, keys) = (query.shape[0], key.shape[0])
    let layout = try SegmentLayout(
      segments: [
        SegmentLayout.Segment(
          queries: 0..<queries, keys: [SegmentLayout.KeyRange(0..<keys, causal: false)])
      ], queryCount: queries, keyCount: keys)
    return output(
      attention(
        self.query(query), self.key(key), self.value(value), heads: heads, kvHeads: heads,
        scale: 1 / Float(headWidth).squareRoot(), layout: layout))
  }
}
