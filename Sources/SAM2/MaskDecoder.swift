import Tensors

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// From an image's features and a prompt's tokens to masks and their estimated quality.
struct MaskDecoder {
  private let objectToken: Tensor  // [1, width]
  private let iouToken: Tensor  // [1, width]
  private let maskTokens: Tensor  // [masks, width]
  private let transformer: TwoWayTransformer
  private let upscaling: (SquareUpscaling, SquareUpscaling)
  private let upscaledNorm: LayerNorm
  private let masks: [FeedForward]
  private let iou: FeedForward
  private let configuration: SegmenterConfiguration.Decoder

  init(_ parameters: Parameters, decoder: SegmenterConfiguration.Decoder) throws {
    let (width, count) = (decoder.width, decoder.alternatives + 1)
    objectToken = try parameters.tensor("obj_score_token.weight", [1, width])
    iouToken = try parameters.tensor("iou_token.weight", [1, width])
    maskTokens = try parameters.tensor("mask_tokens.weight", [count, width])
    transformer = try TwoWayTransformer(parameters.below("transformer"), decoder: decoder)
    upscaling = (
      try SquareUpscaling(parameters, "upscale_conv1", from: width, to: width / 4),
      try SquareUpscaling(parameters, "upscale_conv2", from: width / 4, to: width / 8)
    )
    upscaledNorm = try parameters.norm("upscale_layer_norm", width: width / 4, epsilon: 1e-6)
    masks = try (0..<count).map {
      try FeedForward(
        parameters.below("output_hypernetworks_mlps.\($0)"), input: width, hidden: width, output: width / 8,
        count: 3)
    }
    iou = try FeedForward(
      parameters.below("iou_prediction_head"), input: width, hidden: decoder.iouWidth, output: count,
      count: decoder.iouLayers)
    configuration = decoder
  }

  /// - Parameter prompt: the tokens of one prompt, [tokens, width].
  /// - Returns: the logits of the chosen mask in reading order, and its estimated IoU with the truth.
  func callAsFunction(_ image: ImageEmbedding, prompt: Tensor) throws -> (logits: [Float], iou: Float) {
    let tokens = concatenatedRows([objectToken, iouToken, maskTokens, prompt])
    let (answers, places) = try transformer(
      tokens: tokens, image: image.features.rows, positions: image.positions)

    let middle = upscaling.0(image.features.with(places))
    let fine = upscaling.1(
      middle.with(gelu(upscaledNorm(add(middle.rows, image.skips.half.rows)))))
    let pixels = gelu(add(fine.rows, image.skips.full.rows))  // [pixels, width / 8]
    let weights = concatenatedRows(
      masks.enumerated().map { $1(slicedRows(answers, 2 + $0..<3 + $0)) })  // [masks, width / 8]
    let logits = linear(weights, weight: pixels).values  // [masks, pixels]
    let quality = iou(slicedRows(answers, 1..<2)).values.map { 1 / (1 + expf(-$0)) }
    let count = pixels.shape[0]
    let chosen = choice(logits[..<count], quality)
    return (Array(logits[chosen * count..<(chosen + 1) * count]), quality[chosen])
  }

  /// The single mask, unless its edge moves with the threshold: then the best of the others.
  private func choice(_ single: ArraySlice<Float>, _ quality: [Float]) -> Int {
    guard configuration.fallsBack, quality.count > 1 else { return 0 }
    let delta = Float(configuration.stabilityDelta)
    let inner = single.count { $0 > delta }
    let outer = single.count { $0 > -delta }
    let stability = outer > 0 ? Float(inner) / Float(outer) : 1
    if stability >= Float(configuration.stabilityThreshold) { return 0 }
    return quality.indices.dropFirst().max { quality[$0] < quality[$1] } ?? 0
  }
}
