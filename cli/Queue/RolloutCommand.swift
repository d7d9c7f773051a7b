import ArgumentParser
import JobModel

struct RolloutCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rollout",
    abstract: "Submit groups of answers with rewards, without learning.",
    discussion: """
      Example: ar1 rollout --model models/base --data data/mmad --output rollouts/base --count 256 --wait
      """)

  @Option(help: "Folder of the model that answers.", completion: .directory) var model: String?
  @Option(
    help: "Root of the data set (with mmad.json), or a file of rows (.json, .jsonl).", completion: .file())
  var data: String?
  @Option(help: "Folder that a file of rows names its pictures from (its own).", completion: .directory)
  var images: String?
  @Option(help: "Folder for the groups.", completion: .directory) var output: String?
  @Option(help: "\(RewardFormula.names), or a sum such as 'roam + 0.2 * format'.") var reward: String?
  @Option(name: .customLong("protocol"), help: "mmad, paper, paper-released or paper-released-training.")
  var promptProtocol: String?
  @Option(help: "Reference images per question (as the protocol prescribes).") var references: Int?
  @Option(help: "Question types, separated by commas (all).") var questionTypes: String?
  @Option(help: "Answers per prompt.") var groupSize: Int?
  @Option(help: "Prompts.") var count: Int?
  @Option(help: "Sampling temperature.") var temperature: Double?
  @Option(help: "Longest answer in tokens.") var maxNewTokens: Int?
  @Option(help: "Prompts per shard.") var shardSize: Int?
  @Option(help: "Seed.") var seed: Int?

  @OptionGroup var submission: SubmissionOptions

  func run() async throws {
    try await submission.submit(
      kind: .rollout,
      [
        ("model", .text(model)), ("data", .text(data)), ("images", .text(images)),
        ("output", .text(output)),
        ("reward", .text(reward)), ("protocol", .text(promptProtocol)),
        ("references", .whole(references)),
        ("question_types", .list(questionTypes)), ("group_size", .whole(groupSize)),
        ("count", .whole(count)), ("temperature", .real(temperature)),
        ("max_new_tokens", .whole(maxNewTokens)), ("shard_size", .whole(shardSize)), ("seed", .whole(seed)),
      ])
  }
}
