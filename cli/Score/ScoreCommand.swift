import ArgumentParser

struct ScoreCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "score",
    abstract: "Submit the inspection of a folder of images.",
    discussion: """
      Every image gets a row in results.jsonl: decision, probability of a defect, reasoning, boxes; a broken \
      image gets a row with its error, and the rest is scored.

      Example: ar1 score night-shift/ --model models/trained --reference good.png --out results/night --wait
      """)

  @Argument(help: "The folder, searched downwards.", completion: .directory) var folder: String
  @Option(help: "Folder of the model that inspects.", completion: .directory) var model: String?
  @Option(help: "Picture of a good product to compare with.", completion: .file()) var reference: String?
  @Option(
    name: [.customLong("out"), .customLong("output")], help: "Folder for results.jsonl.",
    completion: .directory) var output: String?
  @Option(help: "What the pictures show, for the prompt.") var product: String?
  @Option(name: .customLong("protocol"), help: "mmad, paper or paper-released.") var promptProtocol: String?
  @Option(help: "Images per shard.") var shardSize: Int?
  @Option(help: "Longest answer in tokens (as the protocol prescribes).") var maxNewTokens: Int?
  @Option(help: "Seed.") var seed: Int?

  @OptionGroup var submission: SubmissionOptions

  func run() async throws {
    try await submission.submit(
      kind: .score,
      [
        ("model", .text(model)), ("images", .text(folder)), ("reference", .text(reference)),
        ("output", .text(output)), ("product", .text(product)), ("protocol", .text(promptProtocol)),
        ("shard_size", .whole(shardSize)), ("max_new_tokens", .whole(maxNewTokens)), ("seed", .whole(seed)),
      ])
  }
}
