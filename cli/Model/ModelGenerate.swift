import ArgumentParser
import OrderedJSON
import QwenVL
import TaskExecutors

/// `ar1 model generate`: completions of one prompt.
struct ModelGenerate: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "generate",
    abstract: "Complete a prompt.",
    discussion: """
      The request's "n" asks for several completions; the prompt with its images is computed once for all. \
      With a temperature above 0 the seed decides every draw.
      """)

  @OptionGroup var arguments: RequestArguments

  @Flag(help: "Print one JSON document with ids, texts, log-probabilities and seconds.")
  var json = false

  @Flag(help: "Print the text while it is being written.")
  var stream = false

  @Option(help: "The longest completion in tokens.")
  var maxNewTokens = 256

  @OptionGroup var sampling: SamplingArguments

  @OptionGroup var adapter: AdapterOptions

  @OptionGroup var device: DeviceOptions

  func validate() throws {
    guard (1...1_048_576).contains(maxNewTokens) else {
      throw ValidationError("--max-new-tokens has to lie in 1 ... 1048576")
    }
    guard !(json && stream) else {
      throw ValidationError("--json prints one document when all is done; leave out --stream")
    }
  }

  func run() throws {
    let clock = ContinuousClock()
    let started = clock.now
    let request = try RequestFile(path: arguments.request)
    guard !stream || request.completions == 1 else {
      throw CommandError("--stream prints one completion; the request asks for \(request.completions)")
    }
    let model = try adapter.adapt(device.load(arguments.model))
    let encoder = try PromptEncoder(folder: arguments.model)
    let tokenizer = encoder.tokenizer
    let defaults = try GenerationDefaults(folder: arguments.model, configuration: model.configuration)
    let loaded = started.duration(to: clock.now) / .seconds(1)
    let prompt = try request.prompt(encoder)
    try DecodingRoom.of(model).require(
      for: [prompt], answers: request.completions, maxNewTokens: maxNewTokens,
      of: model.configuration.text)
    var text = TextStream(tokenizer)
    let generation = try model.generation(
      prompts: [prompt], completionsPerPrompt: request.completions,
      options: sampling.options(maxNewTokens: maxNewTokens, stopTokenIDs: defaults.stopTokenIDs),
      shaping: sampling.shaping,
      onStep: { progress in
        if stream { for token in progress.drawn { Terminal.write(text.append(token.id)) } }
        return true
      })
    let completions = generation.completions.flatMap { $0 }
    if stream {
      Terminal.write(text.finish() + "\n")
    } else if json {
      let seconds = generation.seconds
      let whole: JSON = [
        "completions": .array(completions.map { document($0, tokenizer) }),
        "prompt_tokens": .integer(prompt.ids.count),
        "seconds": [
          "load": .number(loaded), "vision": .number(seconds.vision), "prefill": .number(seconds.prefill),
          "decode": .number(seconds.decode),
        ],
      ]
      Terminal.write(whole.serialized() + "\n")
    } else {
      for (index, completion) in completions.enumerated() {
        if completions.count > 1 { Terminal.write("--- \(index + 1)\n") }
        Terminal.write(tokenizer.decode(completion.ids) + "\n")
      }
    }
  }

  private func document(_ completion: Completion, _ tokenizer: Tokenizer) -> JSON {
    var members: [JSON.Member] = [
      .init("ids", .array(completion.ids.map { .integer($0) })),
      .init("text", .string(tokenizer.decode(completion.ids))),
      .init("logprobs", .array(completion.logProbabilities.map { JSON($0) })),
    ]
    if !sampling.drawsFromPolicy {
      members.append(.init("drawn_logprobs", .array(completion.drawnLogProbabilities.map { JSON($0) })))
    }
    return .object(members + [.init("finish", .string(completion.finish.rawValue))])
  }
}

/// How tokens are drawn.
struct SamplingArguments: ParsableArguments {
  @Option(help: "0 always takes the likeliest token; 1 samples from the model as it is.")
  var temperature: Float = 0

  @Option(help: "Decides every draw, for temperatures above 0.")
  var seed: UInt64 = 0

  @Option(help: "Draw from the likeliest K tokens only.")
  var topK: Int?

  @Option(help: "Draw from the likeliest tokens that reach probability P together.")
  var topP: Float?

  @Option(help: "Draw only tokens at least this many times as likely as the likeliest.")
  var minP: Float?

  @Option(help: "Make tokens that occurred before less likely; 1 does nothing.")
  var repetitionPenalty: Float = 1

  var shaping: LogitShaping {
    LogitShaping(topK: topK, topP: topP, minP: minP, repetitionPenalty: repetitionPenalty)
  }

  /// Whether the log-probabilities under the model are also those of the draws, or nothing is drawn.
  var drawsFromPolicy: Bool { temperature == 0 || temperature == 1 && shaping == .none }

  func validate() throws {
    guard temperature.isFinite, temperature >= 0 else {
      throw ValidationError("--temperature has to be 0 or a positive number")
    }
    do {
      try shaping.validate()
    } catch {
      throw ValidationError("\(error)")
    }
  }

  func options(maxNewTokens: Int, stopTokenIDs: [Int]) -> SamplingOptions {
    SamplingOptions(
      maxNewTokens: maxNewTokens, temperature: temperature, seed: seed, stopTokenIDs: stopTokenIDs)
  }
}
