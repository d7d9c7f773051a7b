import ArgumentParser
import CoordinatorClient
import JobModel
import OrderedJSON

struct CloneCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "clone",
    abstract: "Submit a job like an earlier one, with some settings changed.",
    discussion: """
      Takes every setting of the job, and puts those of --set in their place. What the job waited for, and when it was \
      to begin, is not taken along.

      Examples: ar1 clone 12 --set seed=2 --set output=runs/second
                ar1 clone 12 --set cron= --set unique=
      """)

  @Argument(help: "The job's number.") var job: Int64
  @OptionGroup var submission: SubmissionOptions

  func run() async throws {
    let original = try await submission.connection.client().job(job).job.spec
    var members = try JSON(encoding: original).members ?? []
    members.removeAll { ["after", "at"].contains($0.key) }
    try await submission.submit(.object(members), relativeTo: UpCommand.absolute("."))
  }
}
