import ArgumentParser
import CoordinatorClient
import JobModel

struct WaitCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "wait",
    abstract: "Wait until a job has ended.",
    discussion: """
      Exit code: 0 the job succeeded, 1 it failed, 2 it was cancelled, 3 the coordinator could not be asked, \
      4 it had not ended at the timeout, 5 a scoring failed on more images than its max_errors allows.

      Example: ar1 wait 12 && ar1 show 12
      """)

  @Argument(help: "The job's number.") var job: Int64
  @Option(help: "Wait at most so many seconds.") var timeout: Double?
  @Flag(help: "Print the ended job as one JSON document.") var json = false
  @Flag(help: "Show no progress.") var quiet = false
  @OptionGroup(title: "Connection") var connection: ConnectionOptions

  func validate() throws {
    if let timeout, !(0...1e9).contains(timeout) {
      throw ValidationError("--timeout is 0 to 1000000000 seconds")
    }
  }

  func run() async throws {
    do {
      try await follow(connection.client())
    } catch let error where error is CoordinatorError || error is ConnectionError {
      Terminal.writeError("Error: \(error)\n")
      throw JobWatch.notAsked
    }
  }

  private func follow(_ client: CoordinatorClient) async throws {
    let record = try await JobWatch(client: client, job: job)
      .untilEnd(showing: quiet ? nil : ProgressLine(), timeout: timeout)
    if json { try JSONOutput.print(record) } else if !quiet { Terminal.write(JobWatch.summary(record)) }
    guard record.state == .succeeded else { throw JobWatch.exitCode(for: record.state) }
    try await JobOutcome.conclude(record, client: client, isQuiet: json || quiet)
  }
}
