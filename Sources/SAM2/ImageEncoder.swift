import Tensors

/// What the decoder needs of an image: computed once, whatever is asked about it.
public struct ImageEmbedding {
  /// The coarsest level, ready for the decoder.
  let features: FeatureMap
  /// Of the places of `features`.
  let positions: Tensor
  /// Finer levels, at twice and four times the resolution of `features`.
  let skips: (half: FeatureMap, full: FeatureMap)
  /// The size of the image the embedding is of, in pixels.
  public let width: Int
  public let height: Int
}

/// Trunk and neck: the features of an image at three resolutions.
struct ImageEncoder {
  private let trunk: HieraTrunk
  /// 1 × 1 convolutions to the pyramid's width, the deepest level first.
  private let laterals: [Linear]
  private let skips: (full: Linear, half: Linear)
  /// What takes the place of memory and of a mask prompt, which an image has none of.
  private let nothing: Tensor  // [width]
  private let positions: Tensor
  private let configuration: SegmenterConfiguration

  init(_ parameters: Parameters, configuration: SegmenterConfiguration) throws {
    let width = configuration.pyramidWidth
    trunk = try HieraTrunk(parameters.below("vision_encoder.backbone"), configuration: configuration)
    laterals = try configuration.trunk.widths.reversed().enumerated().map {
      try parameters.pointwise("vision_encoder.neck.convs.\($0)", from: $1, to: width)
    }
    skips = (
      try parameters.pointwise("mask_decoder.conv_s0", from: width, to: width / 8),
      try parameters.pointwise("mask_decoder.conv_s1", from: width, to: width / 4)
    )
    let memory = try parameters.tensor("no_memory_embedding", [1, 1, width])
    let mask = try parameters.tensor("prompt_encoder.no_mask_embed.weight", [1, width])
    nothing = add(memory.reshaped([width]), mask.reshaped([width]))
    positions = try PointEncoding(parameters.below("shared_image_embedding"), width: width)
      .grid(side: configuration.imageSize / configuration.featureStride)
    self.configuration = configuration
  }

  func callAsFunction(_ pixels: [Float], width: Int, height: Int) throws -> ImageEmbedding {
    let stages = try trunk(pixels)
    var levels: [FeatureMap] = []  // the deepest first
    for (index, lateral) in laterals.enumerated() {
      let level = laterals.count - 1 - index
      var map = stages[level].with(lateral(stages[level].rows))
      if let below = levels.last, configuration.topDownLevels.contains(level) {
        map = map.with(add(map.rows, below.doubled().rows))
      }
      levels.append(map)
    }
    let (full, half, coarse) = (levels[3], levels[2], levels[1])
    let places = coarse.height * coarse.width
    let row = nothing.reshaped([1, configuration.pyramidWidth])
    return ImageEmbedding(
      features: coarse.with(add(coarse.rows, gatherRows(row, [Int](repeating: 0, count: places)))),
      positions: positions,
      skips: (half.with(skips.half(half.rows)), full.with(skips.full(full.rows))), width: width,
      height: height)
  }
}
