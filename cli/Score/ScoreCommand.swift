import ArgumentParser

struct ScoreCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "score",
    abstract: "Score many images, or decide anew about scored ones.",
    discussion: """
      Example: ar1 score night-shift/ --model models/trained --reference good.png --output results/night --wait
               ar1 score threshold results/night --threshold 0.7
      """,
    subcommands: [ScoreRun.self, ScoreThreshold.self], defaultSubcommand: ScoreRun.self)
}
