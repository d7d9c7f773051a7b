import ArgumentParser

/// `ar1 eval --model …` submits; `ar1 eval score ANSWERS.json` works on a file alone.
struct EvalCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "eval",
    abstract: "Submit an evaluation on MMAD's questions, or score a file of answers.",
    discussion: """
      Examples: ar1 eval --model models/base --data data/mmad --output results/before --wait
                ar1 eval score results/before/answers.json
      """,
    subcommands: [EvalSubmitCommand.self, EvalScore.self],
    defaultSubcommand: EvalSubmitCommand.self)
}

struct EvalSubmitCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "submit",
    abstract: "Submit an evaluation (what 'ar1 eval' does without a sub-command).",
    discussion:
      "Example: ar1 eval --model models/base --data data/mmad --output results/before --limit 200 --wait")

  @Option(help: "Folder of the model to evaluate.", completion: .directory) var model: String?
  @Option(help: "Root of the data set (with mmad.json).", completion: .directory) var data: String?
  @Option(help: "Folder for answers and report.", completion: .directory) var output: String?
  @Option(name: .customLong("protocol"), help: "mmad, paper or paper-released.") var promptProtocol: String?
  @Option(help: "Reference images per question (as the protocol prescribes).") var references: Int?
  @Option(help: "Only the first so many questions.") var limit: Int?
  @Option(help: "Question types, separated by commas (all).") var questionTypes: String?
  @Option(help: "Images per shard.") var shardSize: Int?
  @Option(help: "Longest answer in tokens (as the protocol prescribes).") var maxNewTokens: Int?
  @Option(help: "Seed.") var seed: Int?

  @OptionGroup var submission: SubmissionOptions

  func run() async throws {
    try await submission.submit(
      kind: .eval,
      [
        ("model", .text(model)), ("data", .text(data)), ("output", .text(output)),
        ("protocol", .text(promptProtocol)), ("references", .whole(references)), ("limit", .whole(limit)),
        ("question_types", .list(questionTypes)), ("shard_size", .whole(shardSize)),
        ("max_new_tokens", .whole(maxNewTokens)), ("seed", .whole(seed)),
      ])
  }
}
