import OrderedJSON

/// Inspection of many images.
public struct ScoreSettings: Sendable, Equatable, Encodable {
  /// Cutting images larger than a tile into tiles that are looked at one by one.
  public struct Tiling: Sendable, Equatable, Encodable {
    /// Side of a tile in pixels.
    public var size: Int
    /// Pixels that neighbours share at least.
    public var overlap: Int

    enum CodingKeys: String, CodingKey { case size, overlap }
  }

  public var model: String
  /// How its weights are held.
  public var dtype: WeightFormName
  /// A folder, searched downwards; a pattern with `*`, `?` or `[…]`; a .tar archive; a list of
  /// paths, .txt or .csv (columns path, and as wanted name and class); or one image.
  public var images: String
  /// Pictures of good products to compare with: images; or one folder of images, one with a folder per class, or a
  /// .csv of the columns class and path.
  public var references: [String]
  /// How many of a class's references are shown with an image; nil is what the protocol prescribes.
  public var referenceCount: Int?
  /// A .csv of the columns path and class; without it an image's class is the first folder of its path that has
  /// references.
  public var classes: String?
  public var output: String
  /// Folder of scores kept by content across runs; nil is the folder `cache` in the output.
  public var cache: String?
  /// What the pictures show, for the prompt.
  public var product: String?
  public var promptProtocol: PromptProtocolName
  /// The probability from which an image counts as defective, above 1 none; nil lets the answer decide.
  public var threshold: Double?
  /// nil tolerates any number of images that cannot be scored.
  public var maxErrors: ErrorBudget?
  /// nil shows large images shrunk, as the protocol has it.
  public var tiling: Tiling?
  /// Folder of a SAM2 model that turns boxes into masks; nil fills the boxes.
  public var segmenter: String?
  /// Whether results that the output folder holds already stay, except those of images that are scored again.
  public var append: Bool
  /// Images per shard.
  public var shardSize: Int
  /// nil is what the protocol prescribes.
  public var maxNewTokens: Int?
  public var seed: Int

  init(_ reader: inout SettingsReader) {
    model = reader.path(CodingKeys.model, meaning: "the folder of the model that inspects")
    dtype = reader.choice(CodingKeys.dtype, default: .float32)
    images = reader.path(
      CodingKeys.images, meaning: "the images to inspect: a folder, a pattern, a .tar, a list")
    references = reader.paths(CodingKeys.references, atMost: 8)
    referenceCount = reader.optionalInteger(CodingKeys.referenceCount, in: 1...8)
    classes = reader.optionalPath(CodingKeys.classes)
    output = reader.path(CodingKeys.output, meaning: "the folder for results.jsonl")
    cache = reader.optionalPath(CodingKeys.cache)
    product = reader.optionalText(CodingKeys.product, longest: 120)
    promptProtocol = reader.choice(CodingKeys.promptProtocol, default: .paper)
    threshold = reader.optionalNumber(CodingKeys.threshold, in: 0...2)
    maxErrors = reader.errorBudget(CodingKeys.maxErrors)
    tiling = reader.group(CodingKeys.tiling, default: nil) { inner in
      let size = inner.integer(Tiling.CodingKeys.size, default: 1000, in: 56...100_000)
      let overlap = inner.integer(Tiling.CodingKeys.overlap, default: size / 10, in: 0...50_000)
      if overlap > size / 2 {
        inner.objection(
          Tiling.CodingKeys.overlap, "found \(overlap); allowed is at most half of the size \(size)")
      }
      return Tiling(size: size, overlap: overlap)
    }
    segmenter = reader.optionalPath(CodingKeys.segmenter)
    append = reader.flag(CodingKeys.append, default: false)
    shardSize = reader.integer(CodingKeys.shardSize, default: 256, in: 1...100_000)
    maxNewTokens = reader.optionalInteger(CodingKeys.maxNewTokens, in: 1...32768)
    seed = reader.integer(CodingKeys.seed, default: 0, in: 0...(1 << 53))
  }

  enum CodingKeys: String, CodingKey {
    case model, dtype, images
    case references = "reference"
    case referenceCount = "reference_count"
    case classes, output, cache, product
    case promptProtocol = "protocol"
    case threshold
    case maxErrors = "max_errors"
    case tiling, segmenter, append
    case shardSize = "shard_size"
    case maxNewTokens = "max_new_tokens"
    case seed
  }
}
