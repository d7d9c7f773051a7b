import ArgumentParser
import CPlatform
import OrderedJSON
import PostTraining
import QwenVL
import Randomness
import Tensors

/// Times GRPO steps as the learner takes them: G answers of every prompt are sampled, scored by lot, and learnt
/// from. Every step has prompts and images of its own. `Benchmarks/grpo_step.py` and, on a GPU, `Benchmarks/gpu.py`
/// run it beside other programs.
@main
struct GRPOStepBenchmark: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "grpo-step-benchmark", abstract: "Time GRPO steps on prompts with one image each.")

  @Argument(help: "A model folder in Hugging Face form.") var model: String
  @Option(help: "Side of the square image in pixels, a multiple of 28; 0 leaves it out.") var image = 448
  @Option(help: "Height of an image that is no square, a multiple of 28; --image is then its width.")
  var imageHeight: Int?
  @Option(help: "Text tokens of a prompt.") var textTokens = 128
  @Option(help: "Different prompts of a step.") var prompts = 1
  @Option(help: "Prompts that the learner takes through the network together.") var promptsPerPass = 1
  @Option(help: "Answers of every prompt.") var group = 8
  @Option(help: "Tokens of each answer.") var completion = 64
  @Option(help: "Where to compute: cpu in float32, or cuda:N for a GPU in bfloat16.") var device = "cpu"
  @Option(help: "Threads to compute with.") var threads = 1
  @Option(help: "Steps that are measured; the median of each phase is reported.") var steps = 3
  @Option(help: "Steps before the first that is measured.") var warmup = 1
  @Option(help: "Weight of the KL term; 0 leaves out the reference policy.") var beta: Float = 0.04
  @Option(help: "What is trained: all or language.") var train = "all"
  @Flag(help: "Compute layers again instead of keeping their insides.") var recomputeLayers = false
  @Flag(help: "Time the policy's forward and backward passes alone: nothing is sampled, no weight changes.")
  var passesOnly = false

  func validate() throws {
    guard image >= 0, image % 28 == 0, imageHeight.map({ $0 > 0 && $0 % 28 == 0 }) ?? true, textTokens > 0,
      prompts > 0, promptsPerPass > 0, group > 1, completion > 0, threads > 0, steps > 0, warmup >= 0,
      TrainedPart(rawValue: train) != nil, ComputeDevice(device) != nil
    else { throw ValidationError("a size is out of its range; see --help") }
  }

  func run() throws {
    ComputeThreads.set(threads)
    let gpu = try ComputeDevice(device)?.open()
    let dtype: DType = gpu == nil ? .float32 : .bfloat16
    let policy = try QwenModel.load(
      folder: model, dtype: dtype, training: TrainedPart(rawValue: train) ?? .all, device: gpu)
    let learner = passesOnly ? nil : try learner(of: policy, dtype: dtype, device: gpu)
    var runs: [[String: Double]] = []
    for number in 0..<warmup + steps {
      let prompts = try prompts(for: policy.configuration, step: number)
      let seconds =
        try learner.map { try step(of: $0, on: prompts, number) } ?? passes(of: policy, over: prompts)
      if number >= warmup { runs.append(seconds) }
    }
    let names = Set(runs.flatMap(\.keys)).sorted()
    let members: [JSON.Member] = [
      .init("parameters", .integer(policy.parameterCount)), .init("threads", .integer(threads)),
      .init("prompt_tokens", .integer(textTokens + imageTokens)), .init("prompts", .integer(prompts)),
      .init("group", .integer(group)), .init("completion_tokens", .integer(completion)),
    ]
    let times: [JSON.Member] = names.map { name in
      let sorted = runs.map { $0[name] ?? 0 }.sorted()
      return .init(name + "_seconds", .number(sorted[sorted.count / 2]))
    }
    var peaks = [JSON.Member("peak_rss_gb", .number(Double(ar1_memory_peak()) / Double(1 << 30)))]
    if let gpu { peaks.append(.init("peak_device_gb", .number(Double(gpu.peakBytes) / Double(1 << 30)))) }
    print(JSON.object(members + times + peaks).serialized())
  }

  private func learner(of policy: QwenModel, dtype: DType, device: CUDADevice?) throws -> GRPOLearner {
    try GRPOLearner(
      policy: policy,
      reference: beta > 0 ? try QwenModel.load(folder: model, dtype: dtype, device: device) : nil,
      settings: GRPOSettings(
        objective: GRPOObjective(beta: beta, maxLength: completion),
        schedule: LearningRateSchedule(shape: .constant, peak: 5e-7, totalSteps: steps + warmup),
        promptsPerPass: promptsPerPass, recomputesLayers: recomputeLayers))
  }

  /// Samples, scores and learns; seconds by phase. On a GPU a phase that does not wait for what it asked for leaves
  /// it to the next one: `generation`, `training` and `step` are right there, the learner's own phases are not.
  private func step(
    of learner: GRPOLearner, on prompts: [Prompt], _ number: Int
  ) throws -> [String: Double] {
    let clock = ContinuousClock()
    let started = clock.now
    let sampled = try learner.policy.generation(
      prompts: prompts, completionsPerPrompt: group,
      options: SamplingOptions(
        maxNewTokens: completion, temperature: 1, seed: UInt64(number), stopTokenIDs: []))
    let generated = clock.now
    let metrics = try learner.step(
      zip(prompts, sampled.completions).enumerated().map { index, pair in
        TrainingGroup(
          ordinal: number * prompts.count + index, prompt: pair.0, completions: pair.1.map(\.ids),
          samplerLogProbabilities: pair.1.map(\.logProbabilities),
          rewards: pair.1.indices.map { Double(($0 * 5 + number) % group) / Double(group) })
      })
    try learner.policy.device?.check()
    let ended = clock.now
    var seconds = metrics.seconds
    seconds["vision"] = sampled.seconds.vision
    seconds["prefill"] = sampled.seconds.prefill
    seconds["decode"] = sampled.seconds.decode
    seconds["generation"] = started.duration(to: generated) / .seconds(1)
    seconds["training"] = generated.duration(to: ended) / .seconds(1)
    seconds["step"] = started.duration(to: ended) / .seconds(1)
    return seconds
  }

  /// The policy's passes over prompts with answers drawn by lot, one prompt after another, each pass waited for. The
  /// features of a frozen vision tower are there before.
  private func passes(of policy: QwenModel, over prompts: [Prompt]) throws -> [String: Double] {
    let objective = GRPOObjective(beta: 0, maxLength: completion)
    let clock = ContinuousClock()
    var lots = SplitMix64(seed: 2)
    var (forward, backward) = (0.0, 0.0)
    for prompt in prompts {
      let answers = (0..<group).map { _ in
        (0..<completion).map { _ in lots.below(policy.configuration.text.vocabularySize / 2) }
      }
      let known = !prompt.images.isEmpty && train == "language"
      let features = known ? try policy.encodeImages(prompt.images) : nil
      try policy.device?.check()
      let started = clock.now
      let current = try policy.packedLogProbabilities(
        batch: [PromptCompletions(prompt: prompt, completions: answers, imageFeatures: features)],
        recomputingLayers: recomputeLayers)
      let (loss, _) = try objective.loss(
        current: current,
        answers: answers.indices.map {
          GRPOObjective.PackedAnswer(
            count: completion, old: nil, reference: nil, advantage: $0.isMultiple(of: 2) ? 1 : -1)
        })
      let middle = clock.now
      loss.backward()
      try policy.device?.check()
      forward += started.duration(to: middle) / .seconds(1)
      backward += middle.duration(to: clock.now) / .seconds(1)
    }
    policy.zeroGradients()
    return ["forward": forward, "backward": backward, "step": forward + backward]
  }

  private var height: Int { imageHeight ?? image }
  /// Those of the image, and the two around it.
  private var imageTokens: Int { image > 0 ? image / 28 * (height / 28) + 2 : 0 }

  /// Random pixels and tokens: only their numbers cost time.
  private func prompts(for configuration: QwenConfiguration, step: Int) throws -> [Prompt] {
    var lots = SplitMix64(seed: UInt64(step + 1))
    return try (0..<prompts).map { _ in try prompt(for: configuration, &lots) }
  }

  private func prompt(for configuration: QwenConfiguration, _ lots: inout SplitMix64) throws -> Prompt {
    let text = (0..<textTokens).map { _ in lots.below(configuration.text.vocabularySize / 2) }
      .map { $0 == configuration.imageTokenID ? 0 : $0 }
    guard image > 0 else {
      return try Prompt(ids: text, images: [], imageTokenID: configuration.imageTokenID)
    }
    let (rows, columns) = (height / 14, image / 14)
    let patches = ImagePatches(
      pixelValues: (0..<rows * columns * configuration.vision.patchLength).map { _ in
        Float(lots.below(4001)) / 1000 - 2
      }, rows: rows, columns: columns, originalWidth: image, originalHeight: height, resizedWidth: image,
      resizedHeight: height, mergeSize: configuration.vision.mergeSize)
    let ids =
      [configuration.visionStartTokenID]
      + [Int](repeating: configuration.imageTokenID, count: patches.tokenCount)
      + [configuration.visionEndTokenID] + text
    return try Prompt(ids: ids, images: [patches], imageTokenID: configuration.imageTokenID)
  }
}
