import ArgumentParser

struct RolloutCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rollout",
    abstract: "Submit groups of answers with rewards, without learning.",
    discussion: """
      Example: ar1 rollout --model models/base --data data/mmad --output rollouts/base --count 256 --wait
      """)

  @Option(help: "Folder of the model that answers.", completion: .directory) var model: String?
  @Option(help: "Root of the data set (with mmad.json).", completion: .directory) var data: String?
  @Option(help: "Folder for the groups.", completion: .directory) var output: String?
  @Option(help: "roam, roam-released or classical.") var reward: String?
  @Option(name: .customLong("protocol"), help: "mmad, paper or paper-released.") var promptProtocol: String?
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
        ("model", .text(model)), ("data", .text(data)), ("output", .text(output)),
        ("reward", .text(reward)), ("protocol", .text(promptProtocol)),
        ("question_types", .list(questionTypes)), ("group_size", .whole(groupSize)),
        ("count", .whole(count)), ("temperature", .real(temperature)),
        ("max_new_tokens", .whole(maxNewTokens)), ("shard_size", .whole(shardSize)), ("seed", .whole(seed)),
      ])
  }
}
