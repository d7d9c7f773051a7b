import ArgumentParser

struct SubmitCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "submit",
    abstract: "Submit a job written as YAML.",
    discussion: """
      The file has one level of keys; relative paths in it are taken from the folder of the file.

        kind: eval
        name: base before training
        model: models/base
        data: data/mmad
        output: results/before

      Unknown keys are refused, with the nearest known one.

      Example: ar1 submit before.yaml --wait
      """)

  @Argument(help: ArgumentHelp("The job file.", valueName: "file.yaml"), completion: .file())
  var file: String

  @OptionGroup var submission: SubmissionOptions

  func run() async throws {
    let (tree, folder) = try JobFile.read(file)
    try await submission.submit(tree, relativeTo: folder)
  }
}
