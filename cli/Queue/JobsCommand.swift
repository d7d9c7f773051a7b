import ArgumentParser
import CoordinatorClient
import Glibc
import JobModel

struct JobsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "jobs",
    abstract: "List the jobs of your lab, the newest first.",
    discussion: "Example: ar1 jobs --state running --label night=true")

  @Option(help: "Only jobs in this state: \(JobState.allCases.map(\.rawValue).joined(separator: ", ")).")
  var state: JobState?
  @Option(help: ArgumentHelp("Only jobs that bear this label.", valueName: "name=value")) var label: String?
  @Option(help: "At most so many.") var limit = 30
  @Option(help: ArgumentHelp("Only jobs before this one, for paging.", valueName: "job")) var before: Int64?
  @Flag(help: "Print one JSON document.") var json = false
  @OptionGroup(title: "Connection") var connection: ConnectionOptions

  func validate() throws {
    guard (1...1_000).contains(limit) else { throw ValidationError("--limit is a number from 1 to 1000") }
    if let label, Label.parse(label) == nil {
      throw ValidationError("--label is written name=value; \(Label.rule)")
    }
  }

  func run() async throws {
    let jobs = try await connection.client().jobs(
      state: state, label: label, before: before, limit: limit)
    if json {
      try JSONOutput.print(JobList(jobs: jobs))
      return
    }
    if jobs.isEmpty {
      Terminal.writeError("no jobs\n")
      return
    }
    let now = Double(time(nil))
    var table = Table([
      .right("JOB"), .left("KIND"), .left("STATE"), .left("PROGRESS"), .right("TIME"), .left("CREATED"),
      .left("USER"), .left("NAME"),
    ])
    for job in jobs {
      table.add([
        Table.Cell(String(job.id)), Table.Cell(job.spec.kind.rawValue), JobText.state(job),
        Table.Cell(JobText.progress(job)), Table.Cell(JobText.runningTime(job, now: now)),
        Table.Cell(Format.time(job.createdAt)), Table.Cell(job.user), Table.Cell(job.spec.name),
      ])
    }
    table.print()
  }
}
