import ArgumentParser
import CPlatform
import OrderedJSON
import PostTraining
import QwenVL
import Randomness
import Tensors

/// Times what a user waits for: loading, a prompt, tokens behind it, several answers of one prompt.
/// `Benchmarks/inference.py` runs it beside other programs.
@main
struct InferenceBenchmark: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inference-benchmark", abstract: "Time text prompts and what is generated behind them.")

  @Argument(help: "A model folder in Hugging Face form.") var model: String
  @Option(help: "How the weights are kept: float32, bfloat16 or int8.") var dtype = "bfloat16"
  @Option(help: "Where to compute: cpu, or cuda:N for a GPU.") var device = "cpu"
  @Option(help: "Tokens of a prompt.") var prompt = 256
  @Option(help: "Different prompts that are computed together.") var prompts = 1
  @Option(help: "Tokens generated behind each.") var newTokens = 64
  @Option(help: "Answers of every prompt, besides the single one; 0 leaves them out.") var answers = 8
  @Option(help: "Threads to compute with.") var threads = 1
  @Option(help: "Runs that are measured; the median of each figure is reported.") var repeats = 3
  @Option(help: "Runs before the first that is measured.") var warmup = 1

  func validate() throws {
    guard prompt > 0, prompts > 0, newTokens > 1, answers >= 0, threads > 0, repeats > 0, warmup >= 0,
      DType(rawValue: dtype) != nil, ComputeDevice(device) != nil
    else { throw ValidationError("a size is out of its range; see --help") }
  }

  func run() throws {
    ComputeThreads.set(threads)
    let clock = ContinuousClock()
    let started = clock.now
    let qwen = try QwenModel.load(
      folder: model, dtype: DType(rawValue: dtype) ?? .bfloat16, device: ComputeDevice(device)?.open())
    _ = try PromptEncoder(folder: model)
    let loaded = started.duration(to: clock.now) / .seconds(1)
    let texts = try texts(for: qwen.configuration)
    var runs: [[String: Double]] = []
    var first = 0.0
    for number in 0..<warmup + repeats {
      var seconds = try measure(qwen, texts, answers: 1, prefix: "")
      if number == 0 { first = seconds["prefill"] ?? 0 }
      if answers > 0 { seconds.merge(try measure(qwen, texts, answers: answers, prefix: "shared_")) { $1 } }
      if number >= warmup { runs.append(seconds) }
    }
    func median(_ name: String) -> Double {
      let sorted = runs.map { $0[name] ?? 0 }.sorted()
      return sorted[sorted.count / 2]
    }
    var members: [JSON.Member] = [
      .init("device", .string(device)), .init("dtype", .string(dtype)), .init("threads", .integer(threads)),
      .init("parameters", .integer(qwen.parameterCount)), .init("prompt_tokens", .integer(prompt)),
      .init("prompts", .integer(prompts)), .init("new_tokens", .integer(newTokens)),
      .init("load_seconds", .number(loaded)),
      .init("first_prefill_seconds", .number(first)), .init("prefill_seconds", .number(median("prefill"))),
      .init("prefill_tokens_per_second", .number(Double(prompts * prompt) / median("prefill"))),
      // The prefill gives the first token; the others take a step each.
      .init("decode_tokens_per_second", .number(Double(prompts * (newTokens - 1)) / median("decode"))),
    ]
    if answers > 0 {
      members += [
        .init("answers", .integer(answers)),
        .init("shared_prefill_seconds", .number(median("shared_prefill"))),
        .init(
          "shared_decode_tokens_per_second",
          .number(Double(prompts * answers * (newTokens - 1)) / median("shared_decode"))),
      ]
    }
    members.append(.init("peak_rss_gb", .number(Double(ar1_memory_peak()) / Double(1 << 30))))
    if let gpu = qwen.device {
      members.append(.init("peak_device_gb", .number(Double(gpu.peakBytes) / Double(1 << 30))))
    }
    print(JSON.object(members).serialized())
  }

  private func measure(
    _ qwen: QwenModel, _ texts: [Prompt], answers: Int, prefix: String
  ) throws -> [String: Double] {
    let seconds = try qwen.generation(
      prompts: texts, completionsPerPrompt: answers,
      options: SamplingOptions(
        maxNewTokens: newTokens, temperature: answers == 1 ? 0 : 1, seed: 0, stopTokenIDs: [])
    ).seconds
    return [prefix + "prefill": seconds.prefill, prefix + "decode": seconds.decode]
  }

  /// Random tokens: only their number costs time.
  private func texts(for configuration: QwenConfiguration) throws -> [Prompt] {
    var lots = SplitMix64(seed: 1)
    return try (0..<prompts).map { _ in
      let ids = (0..<prompt).map { _ in lots.below(configuration.text.vocabularySize / 2) }
        .map { $0 == configuration.imageTokenID ? 0 : $0 }
      return try Prompt(ids: ids, images: [], imageTokenID: configuration.imageTokenID)
    }
  }
}
