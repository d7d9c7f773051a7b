import PostTraining
import QwenVL
import Tensors

/// A small random network of the true architecture on a GPU and on the processor: logits, greedy generation,
/// gradients, and steps of training.
struct NetworkChecks {
  let device: CUDADevice

  static let configuration = QwenConfiguration(
    text: TextConfiguration(
      vocabularySize: 96, hiddenSize: 64, intermediateSize: 96, layers: 2, heads: 4, keyValueHeads: 2,
      normEpsilon: 1e-6, ropeTheta: 10_000, ropeSections: [2, 3, 3], maximumPositions: 512),
    vision: VisionConfiguration(
      depth: 2, hiddenSize: 32, heads: 2, intermediateSize: 48, windowSize: 56, fullAttentionBlocks: [1],
      outputSize: 64),
    imageTokenID: 95, videoTokenID: 94, visionStartTokenID: 93, visionEndTokenID: 92, tiedEmbeddings: true)

  func all() throws -> [CheckResult] {
    try [
      logits(), generation(temperature: 0), generation(temperature: 1), generation(temperature: 0.7),
      // A quarter of the tokens end an answer, so that answers end at many steps.
      generation(temperature: 1, stops: 24),
      gradients(recomputing: false), gradients(recomputing: true), training(),
    ]
  }

  private func model(training: TrainedPart = .nothing) throws -> QwenModel {
    try QwenModel.random(configuration: Self.configuration, seed: 5, training: training)
  }

  private func prompt(_ index: Int) throws -> Prompt {
    let (rows, columns) = (6, 8)
    var numbers = CheckNumbers(seed: UInt64(index + 1))
    let image = ImagePatches(
      pixelValues: numbers.next(rows * columns * Self.configuration.vision.patchLength), rows: rows,
      columns: columns, originalWidth: 14 * columns, originalHeight: 14 * rows, resizedWidth: 14 * columns,
      resizedHeight: 14 * rows, mergeSize: 2)
    let pads = [Int](repeating: Self.configuration.imageTokenID, count: image.tokenCount)
    return try Prompt(
      ids: [1, 93] + pads + [92, 7 + index, 30, 12], images: [image],
      imageTokenID: Self.configuration.imageTokenID)
  }

  private func logits() throws -> CheckResult {
    let (model, prompt) = (try model(), try prompt(0))
    let expected = try model.logits(prompt).values
    let found = try model.moved(to: device).logits(prompt).values
    return CheckResult(name: "logits of a network", error: CheckResult.distance(found, expected), limit: 1e-4)
  }

  /// - Parameter stops: how many of the tokens end an answer.
  private func generation(temperature: Float, stops: Int = 0) throws -> CheckResult {
    let model = try model()
    let prompts = try [prompt(0), prompt(1)]
    let options = SamplingOptions(
      maxNewTokens: 12, temperature: temperature, seed: 3, stopTokenIDs: Array(0..<stops),
      watchedTokenIDs: [5, 90])
    func generate(_ model: QwenModel) throws -> [Completion] {
      try model.generate(prompts: prompts, completionsPerPrompt: stops > 0 ? 6 : 2, options: options).flatMap
      { $0 }
    }
    let (expected, found) = (try generate(model), try generate(try model.moved(to: device)))
    let same =
      expected.map(\.ids) == found.map(\.ids) && expected.map(\.finish) == found.map(\.finish)
    func numbers(_ completions: [Completion]) -> [Float] {
      completions.flatMap { $0.logProbabilities + $0.drawnLogProbabilities + $0.watched.flatMap { $0 } }
    }
    let error = CheckResult.distance(numbers(found), numbers(expected))
    return CheckResult(
      name: "generation at temperature \(temperature)" + (stops > 0 ? " until answers stop" : ""),
      error: same ? error : .infinity, limit: 1e-4)
  }

  private func gradients(recomputing: Bool) throws -> CheckResult {
    let prompt = try prompt(2)
    func gradients(_ model: QwenModel) throws -> [[Float]] {
      let values = try model.packedLogProbabilities(
        batch: [PromptCompletions(prompt: prompt, completions: [[4, 8, 15], [16], [23, 42, 4, 8]])],
        recomputingLayers: recomputing)
      weightedSum(values, weights: [1, -1, 0.5, 0.25, 1, 2, -0.5, 1]).backward()
      return [values.values] + model.trainedParameters.map { $0.tensor.gradient?.values ?? [] }
    }
    let model = try model(training: .all)
    let expected = try gradients(model)
    let found = try gradients(try model.moved(to: device))
    let error = zip(found, expected).map { CheckResult.distance($0, $1) }.max() ?? .infinity
    return CheckResult(
      name: "gradients of a network" + (recomputing ? ", its layers recomputed" : ""), error: error,
      limit: 1e-3)
  }

  private func training() throws -> CheckResult {
    func losses(_ model: QwenModel) throws -> [Float] {
      let optimizer = AdamW(parameters: model.trainedParameters, settings: AdamWSettings(weightDecay: 0.01))
      return try (0..<4).map { _ in
        let values = try model.packedLogProbabilities(
          batch: [PromptCompletions(prompt: try prompt(3), completions: [[4, 8, 15], [16, 23]])])
        let loss = scale(sum(values), by: -0.2)
        loss.backward()
        try optimizer.step(rate: 1e-3, maximumNorm: 1)
        return loss.item
      }
    }
    let model = try model(training: .all)
    let found = try losses(try model.moved(to: device))
    let expected = try losses(model)
    return CheckResult(
      name: "losses of four steps of AdamW", error: CheckResult.distance(found, expected), limit: 1e-3)
  }
}
