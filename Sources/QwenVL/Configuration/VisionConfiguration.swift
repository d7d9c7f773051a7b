import ModelFiles

/// The shape of the vision tower: patches of `patchSize` over `temporalPatchSize` frames, blocks with window
/// or full attention and two-dimensional rotary positions, and a merger of `mergeSize`² patches per token.
public struct VisionConfiguration: Sendable, Equatable {
  /// Number of blocks.
  public var depth: Int
  public var hiddenSize: Int
  public var heads: Int
  /// Width of the gated MLP.
  public var intermediateSize: Int
  /// Colour channels; always 3.
  public var channels: Int
  /// Side of a patch in pixels.
  public var patchSize: Int
  /// Frames per patch; a still image is repeated.
  public var temporalPatchSize: Int
  /// Side in patches of the square that becomes one token.
  public var mergeSize: Int
  /// Side of an attention window in pixels.
  public var windowSize: Int
  /// Blocks, counted from 0, that attend to the whole image instead of their window.
  public var fullAttentionBlocks: [Int]
  /// Width of the merger's output: the language model's `hiddenSize`.
  public var outputSize: Int
  /// Base θ of the two-dimensional rotary frequencies.
  public var ropeTheta: Double
  /// θ of the published models.
  public static let publishedRopeTheta = 10_000.0
  /// Epsilon of every norm of the tower; the architecture fixes it.
  public var normEpsilon: Double { 1e-6 }

  public var headDimension: Int { hiddenSize / heads }
  /// Values of one flattened patch: channels × frames × side².
  public var patchLength: Int { channels * temporalPatchSize * patchSize * patchSize }
  /// Sides of a resized image are multiples of this: patch side × merge side.
  public var pixelsPerTokenSide: Int { patchSize * mergeSize }
  /// Side of an attention window in tokens.
  public var windowTokens: Int { windowSize / pixelsPerTokenSide }

  public init(
    depth: Int, hiddenSize: Int, heads: Int, intermediateSize: Int, channels: Int = 3,
    patchSize: Int = 14, temporalPatchSize: Int = 2, mergeSize: Int = 2, windowSize: Int = 112,
    fullAttentionBlocks: [Int], outputSize: Int, ropeTheta: Double = Self.publishedRopeTheta
  ) {
    self.depth = depth
    self.hiddenSize = hiddenSize
    self.heads = heads
    self.intermediateSize = intermediateSize
    self.channels = channels
    self.patchSize = patchSize
    self.temporalPatchSize = temporalPatchSize
    self.mergeSize = mergeSize
    self.windowSize = windowSize
    self.fullAttentionBlocks = fullAttentionBlocks
    self.outputSize = outputSize
    self.ropeTheta = ropeTheta
  }
}

extension VisionConfiguration {
  init(_ reader: SettingsReader) throws(ModelFileError) {
    let rope = try reader.object("rope_parameters")
    if let kind = try rope?.text("rope_type"), kind != "axial", kind != "default" {
      throw reader.failure(
        "rope_parameters.rope_type", "is \"\(kind)\"; only \"axial\" is implemented")
    }
    let depth = try reader.whole("depth", default: 32)
    let published = [7, 15, 23, 31].filter { $0 < depth }
    self.init(
      depth: depth,
      hiddenSize: try reader.whole("hidden_size", default: 3584),
      heads: try reader.whole("num_heads", default: 16),
      intermediateSize: try reader.whole("intermediate_size", default: 3420),
      channels: try reader.whole(reader.has("in_channels") ? "in_channels" : "in_chans", default: 3),
      patchSize: try reader.whole("patch_size", default: 14),
      temporalPatchSize: try reader.whole("temporal_patch_size", default: 2),
      mergeSize: try reader.whole("spatial_merge_size", default: 2),
      windowSize: try reader.whole("window_size", default: 112),
      fullAttentionBlocks: try reader.wholes("fullatt_block_indexes") ?? published,
      outputSize: try reader.whole("out_hidden_size", default: 3584),
      ropeTheta: try rope?.positive("rope_theta", default: Self.publishedRopeTheta)
        ?? Self.publishedRopeTheta)
    try validate(reader)
  }

  private func validate(_ reader: SettingsReader) throws(ModelFileError) {
    try reader.requireSiLU()
    guard hiddenSize % heads == 0 else {
      throw reader.failure(
        "hidden_size", "is \(hiddenSize), which does not divide into \(heads) attention heads")
    }
    guard headDimension % 4 == 0 else {
      throw reader.failure(
        "hidden_size",
        "gives heads of width \(headDimension); rows and columns rotate pairs, so it must divide by 4")
    }
    guard channels == 3 else {
      throw reader.failure("in_channels", "is \(channels); images are read as RGB, so it must be 3")
    }
    for (key, value, most) in [
      ("patch_size", patchSize, 1024), ("temporal_patch_size", temporalPatchSize, 64),
      ("spatial_merge_size", mergeSize, 64), ("depth", depth, 4096),
    ] where value > most {
      throw reader.failure(key, "is \(value); at most \(most) is accepted")
    }
    guard windowTokens > 0 else {
      throw reader.failure(
        "window_size", "is \(windowSize), less than the \(pixelsPerTokenSide) pixels of one token")
    }
    if let beyond = fullAttentionBlocks.first(where: { $0 >= depth }) {
      throw reader.failure("fullatt_block_indexes", "names block \(beyond) of a tower with \(depth) blocks")
    }
  }
}
