import ArgumentParser
import CPlatform
import OrderedJSON
import PostTraining
import QwenVL
import Tensors

/// Times GRPO steps as the learner takes them: G answers of one prompt are sampled, scored by lot, and learnt
/// from. `Benchmarks/grpo_step.py` runs it beside other programs.
@main
struct GRPOStepBenchmark: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "grpo-step-benchmark", abstract: "Time GRPO steps on one prompt with one image.")

  @Argument(help: "A model folder in Hugging Face form.") var model: String
  @Option(help: "Side of the square image in pixels, a multiple of 28; 0 leaves it out.") var image = 448
  @Option(help: "Text tokens of the prompt.") var textTokens = 128
  @Option(help: "Answers of the prompt.") var group = 8
  @Option(help: "Tokens of each answer.") var completion = 64
  @Option(help: "Where to compute: cpu in float32, or cuda:N for a GPU in bfloat16.") var device = "cpu"
  @Option(help: "Threads to compute with.") var threads = 1
  @Option(help: "Steps that are measured; the median of each phase is reported.") var steps = 3
  @Option(help: "Steps before the first that is measured.") var warmup = 1
  @Option(help: "Weight of the KL term; 0 leaves out the reference policy.") var beta: Float = 0.04
  @Option(help: "What is trained: all or language.") var train = "all"
  @Flag(help: "Compute layers again instead of keeping their insides.") var recomputeLayers = false

  func validate() throws {
    guard image >= 0, image % 28 == 0, textTokens > 0, group > 1, completion > 0, threads > 0, steps > 0,
      warmup >= 0, TrainedPart(rawValue: train) != nil, ComputeDevice(device) != nil
    else { throw ValidationError("a size is out of its range; see --help") }
  }

  func run() throws {
    ComputeThreads.set(threads)
    let gpu = try ComputeDevice(device)?.open()
    let dtype: DType = gpu == nil ? .float32 : .bfloat16
    let policy = try QwenModel.load(
      folder: model, dtype: dtype, training: TrainedPart(rawValue: train) ?? .all, device: gpu)
    let reference = beta > 0 ? try QwenModel.load(folder: model, dtype: dtype, device: gpu) : nil
    let learner = try GRPOLearner(
      policy: policy, reference: reference,
      settings: GRPOSettings(
        objective: GRPOObjective(beta: beta, maxLength: completion),
        schedule: LearningRateSchedule(shape: .constant, peak: 5e-7, totalSteps: steps + warmup),
        recomputesLayers: recomputeLayers))
    let prompt = try prompt(for: policy.configuration)
    var runs: [[String: Double]] = []
    for number in 0..<warmup + steps {
      let clock = ContinuousClock()
      let started = clock.now
      let sampled = try policy.generate(
        prompts: [prompt], completionsPerPrompt: group,
        options: SamplingOptions(
          maxNewTokens: completion, temperature: 1, seed: UInt64(number), stopTokenIDs: []))[0]
      let generated = clock.now
      let metrics = try learner.step([
        TrainingGroup(
          ordinal: number, prompt: prompt, completions: sampled.map(\.ids),
          samplerLogProbabilities: sampled.map(\.logProbabilities),
          rewards: sampled.indices.map { Double(($0 * 5 + number) % group) / Double(group) })
      ])
      let ended = clock.now
      guard number >= warmup else { continue }
      var seconds = metrics.seconds
      seconds["generation"] = started.duration(to: generated) / .seconds(1)
      seconds["training"] = generated.duration(to: ended) / .seconds(1)
      seconds["step"] = started.duration(to: ended) / .seconds(1)
      runs.append(seconds)
    }
    let names = Set(runs.flatMap(\.keys)).sorted()
    let members: [JSON.Member] = [
      .init("parameters", .integer(policy.parameterCount)), .init("threads", .integer(threads)),
      .init("prompt_tokens", .integer(prompt.ids.count)), .init("group", .integer(group)),
      .init("completion_tokens", .integer(completion)),
    ]
    let times: [JSON.Member] = names.map { name in
      let sorted = runs.map { $0[name] ?? 0 }.sorted()
      return .init(name + "_seconds", .number(sorted[sorted.count / 2]))
    }
    let peak = JSON.Member("peak_rss_gb", .number(Double(ar1_memory_peak()) / Double(1 << 30)))
    print(JSON.object(members + times + [peak]).serialized())
  }

  /// Random pixels and tokens: only their numbers cost time.
  private func prompt(for configuration: QwenConfiguration) throws -> Prompt {
    var lots = SplitMix(seed: 1)
    let text = (0..<textTokens).map { _ in lots.below(configuration.text.vocabularySize / 2) }
      .map { $0 == configuration.imageTokenID ? 0 : $0 }
    guard image > 0 else {
      return try Prompt(ids: text, images: [], imageTokenID: configuration.imageTokenID)
    }
    let side = image / 14
    let patches = ImagePatches(
      pixelValues: (0..<side * side * configuration.vision.patchLength).map { _ in
        Float(lots.below(4001)) / 1000 - 2
      }, rows: side, columns: side, originalWidth: image, originalHeight: image, resizedWidth: image,
      resizedHeight: image, mergeSize: configuration.vision.mergeSize)
    let ids =
      [configuration.visionStartTokenID]
      + [Int](repeating: configuration.imageTokenID, count: patches.tokenCount)
      + [configuration.visionEndTokenID] + text
    return try Prompt(ids: ids, images: [patches], imageTokenID: configuration.imageTokenID)
  }
}
