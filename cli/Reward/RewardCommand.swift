import ArgumentParser

struct RewardCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "reward",
    abstract: "Score replies with a reward, without a queue.",
    discussion: "Example: ar1 reward score --rows replies.jsonl --reward roam --output scored.jsonl",
    subcommands: [RewardScore.self])
}
