import ArgumentParser
import OrderedJSON
import QwenVL

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

  @Option(help: "The longest completion in tokens.")
  var maxNewTokens = 256

  @Option(help: "0 always takes the likeliest token; 1 samples from the model as it is.")
  var temperature: Float = 0

  @Option(help: "Decides every draw, for temperatures above 0.")
  var seed: UInt64 = 0

  @OptionGroup var device: DeviceOptions

  func validate() throws {
    guard maxNewTokens >= 1 else { throw ValidationError("--max-new-tokens has to be at least 1") }
    guard temperature.isFinite, temperature >= 0 else {
      throw ValidationError("--temperature has to be 0 or a positive number")
    }
  }

  func run() throws {
    let clock = ContinuousClock()
    let started = clock.now
    let request = try RequestFile(path: arguments.request)
    let model = try device.load(arguments.model)
    let encoder = try PromptEncoder(folder: arguments.model)
    let tokenizer = encoder.tokenizer
    let defaults = try GenerationDefaults(folder: arguments.model, configuration: model.configuration)
    let loaded = started.duration(to: clock.now) / .seconds(1)
    let prompt = try request.prompt(encoder)
    let generation = try model.generation(
      prompts: [prompt], completionsPerPrompt: request.completions,
      options: SamplingOptions(
        maxNewTokens: maxNewTokens, temperature: temperature, seed: seed, stopTokenIDs: defaults.stopTokenIDs)
    )
    let completions = generation.completions.flatMap { $0 }
    guard json else {
      for (index, completion) in completions.enumerated() {
        if completions.count > 1 { print("--- \(index + 1)") }
        print(tokenizer.decode(completion.ids))
      }
      return
    }
    let seconds = generation.seconds
    let document: JSON = [
      "completions": .array(completions.map { Self.document($0, tokenizer) }),
      "prompt_tokens": .integer(prompt.ids.count),
      "seconds": [
        "load": .number(loaded), "vision": .number(seconds.vision), "prefill": .number(seconds.prefill),
        "decode": .number(seconds.decode),
      ],
    ]
    print(document.serialized())
  }

  private static func document(_ completion: Completion, _ tokenizer: Tokenizer) -> JSON {
    [
      "ids": .array(completion.ids.map { .integer($0) }),
      "text": .string(tokenizer.decode(completion.ids)),
      "logprobs": .array(completion.logProbabilities.map { JSON($0) }),
      "finish": .string(completion.finish.rawValue),
    ]
  }
}
