import ArgumentParser
import Inspection

struct DataCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "data",
    abstract: "Check, make, split and convert data sets.",
    discussion: """
      Examples: ar1 data check data/mmad
                ar1 data generate --output data/demo --seed 1
      """,
    subcommands: [DataCheck.self, DataGenerate.self, DataFewShot.self, DataConvert.self])
}

struct DataGenerate: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "generate",
    abstract: "Draw an inspection data set in MMAD's layout: a training part, a held-out part, an inbox.",
    discussion: """
      The folder gets train/ and heldout/, each with mmad.json, pictures, masks and templates, and inbox/, a plain \
      folder of pictures with one broken file.

      Example: ar1 data generate --output data/demo --seed 1
      """)

  @Option(help: "Folder to write to; made if new.", completion: .directory) var output: String
  @Option(help: "Decides every picture.") var seed: UInt64 = 1
  @Option(help: "Pictures in the training part.") var training: Int?
  @Option(help: "Pictures in the held-out part.") var heldOut: Int?
  @Option(help: "Readable pictures in the inbox.") var inbox: Int?

  func validate() throws {
    for (name, value) in [("--training", training), ("--held-out", heldOut), ("--inbox", inbox)] {
      if let value, !(1...1_000_000).contains(value) { throw ValidationError("\(name) is 1 to 1,000,000") }
    }
  }

  func run() throws {
    var dataset = SyntheticDataset(seed: seed)
    if let training { dataset.trainingPictures = training }
    if let heldOut { dataset.heldOutPictures = heldOut }
    if let inbox { dataset.inboxPictures = inbox }
    let contents = try dataset.write(to: output)
    Terminal.write(
      "\(Format.count(contents.questions.training)) questions in \(contents.training), "
        + "\(Format.count(contents.questions.heldOut)) in \(contents.heldOut), pictures to score in \(contents.inbox)\n"
    )
  }
}
