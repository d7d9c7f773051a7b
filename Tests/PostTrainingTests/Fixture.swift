import PostTraining
import QwenVL
import Tensors

/// A network of a few thousand parameters, and groups of answers for it.
enum Fixture {
  static let configuration = QwenConfiguration(
    text: TextConfiguration(
      vocabularySize: 40, hiddenSize: 16, intermediateSize: 24, layers: 2, heads: 2, keyValueHeads: 1,
      normEpsilon: 1e-6, ropeTheta: 10_000, ropeSections: [1, 1, 2], maximumPositions: 512),
    vision: VisionConfiguration(
      depth: 1, hiddenSize: 16, heads: 2, intermediateSize: 24, fullAttentionBlocks: [0], outputSize: 16),
    imageTokenID: 39, videoTokenID: 38, visionStartTokenID: 37, visionEndTokenID: 36, tiedEmbeddings: true)

  static func model(seed: UInt64 = 1, training: TrainedPart = .nothing) throws -> QwenModel {
    try QwenModel.random(configuration: configuration, seed: seed, training: training)
  }

  static func image(_ seed: Int) -> ImagePatches {
    ImagePatches(
      pixelValues: (0..<16 * 1176).map { Float(($0 + seed * 31) * 7919 % 1009) / 504 - 1 }, rows: 4,
      columns: 4,
      originalWidth: 56, originalHeight: 56, resizedWidth: 56, resizedHeight: 56, mergeSize: 2)
  }

  static func prompt(_ index: Int) throws -> Prompt {
    try Prompt(
      ids: [1, 37, 39, 39, 39, 39, 36, 2 + index % 7, 5], images: [image(index % 5)], imageTokenID: 39)
  }

  /// Eight groups of four answers of different lengths.
  static func groups(
    _ indices: Range<Int> = 0..<8, rewards: (Int) -> [Double] = { [1, 0.1, 0, Double($0 % 3) / 2] }
  ) throws -> [TrainingGroup] {
    try indices.map { index in
      let completions = (0..<4).map { answer in
        (0..<1 + (index + 2 * answer) % 5).map { (7 * index + 5 * answer + 3 * $0) % 36 }
      }
      return TrainingGroup(
        ordinal: index, prompt: try prompt(index), completions: completions,
        samplerLogProbabilities: completions.map { $0.map { _ in -3.5 } }, rewards: rewards(index))
    }
  }

  static func settings(
    reduction: GRPOObjective.Reduction = .grpo, beta: Float = 0.04, promptsPerPass: Int = 8,
    rate: Double = 1e-2, weightDecay: Double = 0
  ) -> GRPOSettings {
    GRPOSettings(
      objective: GRPOObjective(reduction: reduction, beta: beta, maxLength: 16),
      optimizer: AdamWSettings(beta2: 0.99, weightDecay: weightDecay),
      schedule: LearningRateSchedule(shape: .linear, peak: rate, totalSteps: 10),
      promptsPerPass: promptsPerPass)
  }

  static func learner(
    _ settings: GRPOSettings = settings(), training: TrainedPart = .language
  ) throws -> GRPOLearner {
    try GRPOLearner(policy: model(training: training), reference: model(seed: 2), settings: settings)
  }

  static func weights(_ model: QwenModel) -> [[Float]] { model.parameters.map(\.tensor.values) }

  /// ‖a − b‖ / ‖b‖
  static func distance(_ a: [Float], _ b: [Float]) -> Double {
    guard a.count == b.count else { return .infinity }
    let error = zip(a, b).reduce(0) { $0 + Double($1.0 - $1.1) * Double($1.0 - $1.1) }
    return (error / b.reduce(1e-30) { $0 + Double($1) * Double($1) }).squareRoot()
  }

  /// What torch computed; Tests/Golden/post-training/make.py made the file.
  static func expected() throws -> SafetensorsFile {
    let tests = #filePath.split(separator: "/").dropLast(2).joined(separator: "/")
    return try SafetensorsFile(path: "/\(tests)/Golden/post-training/expected.safetensors")
  }
}
