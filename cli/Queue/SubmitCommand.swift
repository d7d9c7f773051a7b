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

      A file with the one key 'jobs' holds a list of jobs, which may wait for earlier ones by name:

        jobs:
          - {name: tune, kind: train, model: models/base, data: data/mmad, output: runs/tune}
          - {name: measure, kind: eval, after: tune, model: runs/tune/model, data: data/mmad, output: results}

      Unknown keys are refused, with the nearest known one.

      Example: ar1 submit before.yaml --wait
      """)

  @Argument(help: ArgumentHelp("The job file.", valueName: "file.yaml"), completion: .file())
  var file: String

  @OptionGroup var submission: SubmissionOptions

  func run() async throws {
    let (tree, folder) = try JobFile.read(file)
    guard let jobs = tree["jobs"] else { return try await submission.submit(tree, relativeTo: folder) }
    if let other = tree.members?.first(where: { $0.key != "jobs" }) {
      throw JobFile.Problem(
        description:
          "\(file): beside 'jobs' there is '\(other.key)'; what holds for a job stands in its entry of the list"
      )
    }
    guard let list = jobs.array else {
      throw JobFile.Problem(
        description: "\(file): 'jobs' is a list, each of its entries a job that begins with '-'")
    }
    try await submission.submit(list, relativeTo: folder)
  }
}
