import ArgumentParser

struct ScoreCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "score",
    abstract: "Score many images, or decide anew about scored ones.",
    discussion: """
      Without a sub-command the images are scored, with these settings:
        IMAGES                 a folder, a quoted pattern, a .tar, a list (.txt, .csv) or one image
        --model FOLDER         the model that inspects
        --output FOLDER        where results and report go
        --reference PATH       a good product to compare with; several, a folder, or a .csv by class
        --threshold P|FILE     decide by the probability of a defect, not by the answer
        --max-errors 1%        exit with 5 where more images fail
        --cache FOLDER         kept scores, to share between runs
        --tile-size N          look at large images in tiles
        --segmenter FOLDER     a SAM2 model that makes masks
        --dtype NAME           float32, bfloat16 or int8: memory and speed of the weights
        --append, --watch      add to the results; go on with what appears in the folder
      'ar1 help score run' explains them and those of every job.

      Examples:
        ar1 score night-shift/ --model models/trained --reference good.png \\
          --output results/night --wait
        ar1 score threshold results/night --threshold 0.7
      """,
    subcommands: [ScoreRun.self, ScoreThreshold.self], defaultSubcommand: ScoreRun.self)
}
