import ModelFiles

/// The shape of a SAM2 image model: `config.json` of Hugging Face's `Sam2Model`, also where it describes the video
/// model. Absent keys have the values transformers gives them, which are those of the smallest published size.
public struct SegmenterConfiguration: Sendable, Equatable {
  /// The trunk, Hiera: stages of transformer blocks, each with half the resolution of the one before.
  public struct Trunk: Sendable, Equatable {
    /// Per stage.
    public var blocks: [Int]
    public var widths: [Int]
    public var heads: [Int]
    /// The side of an attention window in tokens.
    public var windows: [Int]
    /// Blocks, counted through, whose attention spans the whole image.
    public var globalBlocks: [Int]
    /// Stages after the first whose first block halves the resolution.
    public var poolingStages: Int
    public var mlpRatio: Double
    public var normEpsilon: Double
    public var patchKernel: Int
    public var patchStride: Int
    public var patchPadding: Int
    /// Rows and columns of the coarse position table.
    public var backgroundSize: [Int]
  }

  /// The decoder of masks.
  public struct Decoder: Sendable, Equatable {
    public var width: Int
    public var layers: Int
    public var heads: Int
    public var mlpWidth: Int
    /// The cross-attentions are this many times narrower.
    public var attentionDownsampling: Int
    /// Masks beside the single one.
    public var alternatives: Int
    public var iouLayers: Int
    public var iouWidth: Int
    /// Whether an unstable single mask gives way to the best of the others, and what is unstable.
    public var fallsBack: Bool
    public var stabilityDelta: Double
    public var stabilityThreshold: Double
  }

  public var trunk: Trunk
  public var decoder: Decoder
  /// Levels of the pyramid, counted from the finest, that take what is below them.
  public var topDownLevels: [Int]
  public var pyramidWidth: Int
  /// The side of the square the image is resized to, in pixels.
  public var imageSize: Int
  /// Pixels of a side of the coarsest feature's square.
  public var featureStride: Int

  /// - Throws: ``ModelFileError`` naming the file, the key and what is wrong with it.
  public init(folder path: String) throws {
    let folder = ModelFolder(path)
    let file = folder.path(of: "config.json")
    let reader = try SettingsReader(file: file, values: try folder.json("config.json"))
    if let type = try reader.text("model_type"), type != "sam2", type != "sam2_video" {
      throw reader.failure("model_type", "is \"\(type)\"; only \"sam2\" and \"sam2_video\" are implemented")
    }
    let empty = try SettingsReader(file: file, values: .object([]))
    let vision = try reader.object("vision_config") ?? empty
    let prompt = try reader.object("prompt_encoder_config") ?? empty
    trunk = try Trunk(try vision.object("backbone_config") ?? empty)
    decoder = try Decoder(try reader.object("mask_decoder_config") ?? empty)
    topDownLevels = try vision.wholes("fpn_top_down_levels") ?? [2, 3]
    pyramidWidth = try vision.whole("fpn_hidden_size", default: 256)
    imageSize = try prompt.side("image_size", default: 1024)
    featureStride = try prompt.side("patch_size", default: 16)
    try validate(reader, vision)
  }

  private func validate(_ reader: SettingsReader, _ vision: SettingsReader) throws(ModelFileError) {
    for (key, only) in [("fpn_kernel_size", 1), ("fpn_stride", 1), ("num_feature_levels", 3)] {
      let found = try vision.whole(key, default: only)
      guard found == only else {
        throw vision.failure(key, "is \(found); only \(only) is implemented")
      }
    }
    guard imageSize / trunk.patchStride % trunk.windows[0] == 0 else {
      throw vision.failure(
        "backbone_config.window_size_per_stage",
        "begins with \(trunk.windows[0]), which does not divide the \(imageSize / trunk.patchStride) places of a side"
      )
    }
    guard trunk.windows.allSatisfy({ $0 <= imageSize / trunk.patchStride }) else {
      throw vision.failure(
        "backbone_config.window_size_per_stage",
        "is \(trunk.windows); a window is at most the \(imageSize / trunk.patchStride) places of a side")
    }
    guard trunk.blocks.count == 4 else {
      throw vision.failure(
        "backbone_config.blocks_per_stage", "has \(trunk.blocks.count) stages; only 4 are implemented")
    }
    guard decoder.width == pyramidWidth, decoder.width % 8 == 0 else {
      throw reader.failure(
        "mask_decoder_config.hidden_size",
        "is \(decoder.width); it must be a multiple of 8 and the neck's fpn_hidden_size, \(pyramidWidth)")
    }
    // Level 2 of the pyramid is what the decoder works on, levels 0 and 1 are its skips.
    let levels = trunk.patchStride * 4
    guard featureStride == levels, imageSize % (trunk.patchStride * 8) == 0, (1...4096).contains(imageSize)
    else {
      throw reader.failure(
        "prompt_encoder_config.image_size",
        "is \(imageSize) with features of \(featureStride) pixels; the trunk calls for features of \(levels) pixels "
          + "and sides that are multiples of \(trunk.patchStride * 8), up to 4096")
    }
  }
}

extension SegmenterConfiguration.Trunk {
  init(_ reader: SettingsReader) throws(ModelFileError) {
    blocks = try reader.wholes("blocks_per_stage", atLeast: 1) ?? [1, 2, 7, 2]
    widths = try reader.wholes("embed_dim_per_stage", atLeast: 1) ?? [96, 192, 384, 768]
    heads = try reader.wholes("num_attention_heads_per_stage", atLeast: 1) ?? [1, 2, 4, 8]
    windows = try reader.wholes("window_size_per_stage", atLeast: 1) ?? [8, 4, 14, 7]
    globalBlocks = try reader.wholes("global_attention_blocks") ?? [5, 7, 9]
    poolingStages = try reader.whole("num_query_pool_stages", default: 3, atLeast: 0)
    mlpRatio = try reader.positive("mlp_ratio", default: 4)
    normEpsilon = try reader.positive("layer_norm_eps", default: 1e-6)
    patchKernel = try reader.side("patch_kernel_size", default: 7)
    patchStride = try reader.side("patch_stride", default: 4)
    patchPadding = try reader.side("patch_padding", default: 3)
    backgroundSize = try reader.wholes("window_positional_embedding_background_size", atLeast: 1) ?? [7, 7]
    guard (1...64).contains(patchKernel), (1...64).contains(patchStride), patchPadding < patchKernel else {
      throw reader.failure(
        "patch_kernel_size",
        "is \(patchKernel) with a stride of \(patchStride) and a padding of \(patchPadding); kernel and stride are 1 to "
          + "64 and the padding less than the kernel")
    }
    guard mlpRatio <= 64 else { throw reader.failure("mlp_ratio", "is \(mlpRatio); at most 64 is accepted") }
    let stride = try reader.side("query_stride", default: 2)
    guard stride == 2 else { throw reader.failure("query_stride", "is \(stride); only 2 is implemented") }
    if let activation = try reader.text("hidden_act"), activation != "gelu" {
      throw reader.failure("hidden_act", "is \"\(activation)\"; only \"gelu\" is implemented")
    }
    guard widths.count == blocks.count, heads.count == blocks.count, windows.count == blocks.count else {
      throw reader.failure(
        "blocks_per_stage", "and the widths, heads and windows have different numbers of stages")
    }
    guard zip(widths, heads).allSatisfy({ $0 % $1 == 0 }) else {
      throw reader.failure("embed_dim_per_stage", "is \(widths), which does not divide into \(heads) heads")
    }
    guard poolingStages == blocks.count - 1 else {
      throw reader.failure(
        "num_query_pool_stages", "is \(poolingStages); only \(blocks.count - 1) is implemented")
    }
    guard zip(widths, widths.dropFirst()).allSatisfy({ $0 != $1 }) else {
      throw reader.failure("embed_dim_per_stage", "is \(widths); every stage must change the width")
    }
    guard windows.dropLast().allSatisfy({ $0 % 2 == 0 }), backgroundSize.count == 2 else {
      throw reader.failure("window_size_per_stage", "is \(windows); windows that are halved must be even")
    }
  }
}

extension SegmenterConfiguration.Decoder {
  init(_ reader: SettingsReader) throws(ModelFileError) {
    width = try reader.whole("hidden_size", default: 256)
    layers = try reader.whole("num_hidden_layers", default: 2)
    heads = try reader.whole("num_attention_heads", default: 8)
    mlpWidth = try reader.whole("mlp_dim", default: 2048)
    attentionDownsampling = try reader.whole("attention_downsample_rate", default: 2)
    alternatives = try reader.whole("num_multimask_outputs", default: 3)
    iouLayers = try reader.whole("iou_head_depth", default: 3, atLeast: 2)
    iouWidth = try reader.whole("iou_head_hidden_dim", default: 256)
    fallsBack = try reader.truth("dynamic_multimask_via_stability", default: true)
    stabilityDelta = try reader.number("dynamic_multimask_stability_delta") ?? 0.05
    stabilityThreshold = try reader.number("dynamic_multimask_stability_thresh") ?? 0.98
    for (key, value) in [
      ("num_hidden_layers", layers), ("num_multimask_outputs", alternatives), ("iou_head_depth", iouLayers),
    ] where value > 64 {
      throw reader.failure(key, "is \(value); at most 64 is accepted")
    }
    guard width % attentionDownsampling == 0, width / attentionDownsampling % heads == 0, width % heads == 0
    else {
      throw reader.failure(
        "num_attention_heads",
        "is \(heads), which does not divide widths of \(width) and \(width / attentionDownsampling)")
    }
  }
}

extension SettingsReader {
  /// A length written as one number or as two equal ones.
  fileprivate func side(_ key: String, default absent: Int) throws(ModelFileError) -> Int {
    guard let value = value(key) else { return absent }
    guard value.array != nil else { return try whole(key, value, atLeast: 0) }
    let sides = try wholes(key) ?? []
    guard sides.count == 2, sides[0] == sides[1] else {
      throw failure(key, "must be one number or two equal ones, not \(value.serialized())")
    }
    return sides[0]
  }
}
