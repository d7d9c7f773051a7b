import ArgumentParser
import CoordinatorClient
import JobModel

struct CancelCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cancel",
    abstract: "Cancel a job: its workers stop, what they have not committed is discarded.",
    discussion: "Example: ar1 cancel 12 --reason 'wrong data'")

  @Argument(help: "The job's number.") var job: Int64
  @Option(help: "Why, for whoever asks later.") var reason: String?
  @Flag(help: "Print the job as one JSON document.") var json = false
  @OptionGroup(title: "Connection") var connection: ConnectionOptions

  func run() async throws {
    let record = try await connection.client().cancel(job, reason: reason)
    if json {
      try JSONOutput.print(record)
    } else {
      Terminal.write("job \(record.id) \(record.state.rawValue)\n")
    }
  }
}

struct RetryCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "retry",
    abstract: "Give the failed and cancelled tasks of a job another try; what is done stays done.",
    discussion: """
      A training goes on after its last recorded step: its learner restores the last full state and replays the \
      groups recorded since.

      Example: ar1 resume 12
      """, aliases: ["resume"])

  @Argument(help: "The job's number.") var job: Int64
  @Flag(help: "Print the job as one JSON document.") var json = false
  @OptionGroup(title: "Connection") var connection: ConnectionOptions

  func run() async throws {
    let record = try await connection.client().retry(job)
    if json {
      try JSONOutput.print(record)
    } else {
      Terminal.write("job \(record.id) \(record.state.rawValue)\n")
    }
  }
}
