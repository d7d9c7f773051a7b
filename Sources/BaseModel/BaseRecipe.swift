package import QwenVL

/// How a small base model is made: a network of the true Qwen2.5-VL architecture that has only learnt to
/// speak, for the demonstration and for tests that need a model which can do something.
///
/// It learns in two stages, both on drawn pictures of products the demonstration does not have. First *sight*:
/// the vision tower alone, under throw-away heads, learns to see marks, shapes and colours. Then *speech*: the
/// whole network learns to describe a picture and to answer questions in the paper's form. On Anomaly
/// Detection the lessons conclude by lot, so the base can name a mark but not tell that a mark is a defect.
public struct BaseRecipe: Sendable, Equatable {
  /// One stage of learning.
  public struct Stage: Sendable, Equatable {
    /// Optimizer steps.
    public var steps: Int
    /// Pictures per step.
    public var pictures: Int
    /// The highest learning rate; it falls to 2 % of itself over the stage.
    public var rate: Double
    public var warmupSteps: Int
    public var weightDecay: Double

    public init(steps: Int, pictures: Int, rate: Double, warmupSteps: Int = 100, weightDecay: Double = 0.05) {
      self.steps = steps
      self.pictures = pictures
      self.rate = rate
      self.warmupSteps = warmupSteps
      self.weightDecay = weightDecay
    }
  }

  /// Decides everything: pictures, lessons and fresh weights.
  public var seed: UInt64
  public var sight: Stage
  public var speech: Stage
  /// How often each picture of the first stage is used, every time laid down another way.
  public var sightPasses = 4
  /// The deviation of every patch filter's response at the start; see `CosineFilters`.
  public var filterDeviation: Float = 0.7
  /// Whether the vision tower goes on learning during speech.
  public var speechTrainsVision = false
  /// The largest vocabulary; the corpus may have fewer merges to offer.
  public var vocabularySize = 768
  /// Pictures whose lessons' texts the tokenizer is learnt from.
  package var tokenizerTexts = 2000
  /// Pictures the patch filters are scaled on.
  package var filterPictures = 300
  /// Pictures of the check at the end, for each group of products.
  public var checkPictures = 200

  public init(
    seed: UInt64 = 0, sight: Stage = Stage(steps: 1500, pictures: 32, rate: 2e-3),
    speech: Stage = Stage(steps: 1200, pictures: 32, rate: 2e-3)
  ) {
    self.seed = seed
    self.sight = sight
    self.speech = speech
  }

  /// The network: about 1.85 million parameters, 3.7 MB in bfloat16.
  ///
  /// - Parameter tokenizer: decides the vocabulary and the identifiers of its special tokens.
  package static func configuration(tokenizer: Tokenizer) throws -> QwenConfiguration {
    func id(_ token: String) throws -> Int {
      guard let id = tokenizer.id(of: token) else {
        throw BaseError("the tokenizer learnt for the base model has no token \(token)")
      }
      return id
    }
    return QwenConfiguration(
      text: TextConfiguration(
        vocabularySize: tokenizer.vocabularySize, hiddenSize: 128, intermediateSize: 384, layers: 4, heads: 4,
        keyValueHeads: 2, normEpsilon: 1e-6, ropeTheta: 10_000, ropeSections: [4, 6, 6],
        maximumPositions: 2048),
      vision: VisionConfiguration(
        depth: 3, hiddenSize: 128, heads: 4, intermediateSize: 256, windowSize: 112,
        fullAttentionBlocks: [1, 2],
        outputSize: 128),
      imageTokenID: try id("<|image_pad|>"), videoTokenID: try id("<|video_pad|>"),
      visionStartTokenID: try id("<|vision_start|>"), visionEndTokenID: try id("<|vision_end|>"),
      tiedEmbeddings: true, stopTokenIDs: [try id("<|im_end|>")])
  }

  func validate() throws {
    for (name, stage) in [("sight", sight), ("speech", speech)] {
      guard stage.steps <= 1_000_000 else {
        throw BaseError("the stage \(name) has \(stage.steps) steps; at most 1000000 are taken")
      }
      guard stage.steps >= 0, stage.pictures >= 1, stage.rate > 0, stage.rate.isFinite, stage.warmupSteps >= 0
      else {
        throw BaseError(
          "the stage \(name) has \(stage.steps) steps of \(stage.pictures) pictures at a rate of \(stage.rate); "
            + "steps cannot be negative, and a step needs a picture and a positive rate")
      }
    }
    guard (1...SightLesson.orientations).contains(sightPasses) else {
      throw BaseError(
        "a picture can be laid down in 1 to \(SightLesson.orientations) ways, not \(sightPasses)")
    }
  }
}

/// Why a base model could not be made.
public struct BaseError: Error, Sendable, CustomStringConvertible {
  public let description: String

  init(_ description: String) { self.description = description }
}
