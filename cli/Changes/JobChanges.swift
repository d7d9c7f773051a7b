import ArgumentParser
import CoordinatorClient
import JobModel

struct PriorityCommand: ChangeCommand {
  static let configuration = CommandConfiguration(
    commandName: "priority",
    abstract: "Change the priority of a job while it waits: -100 to 100, higher goes first.",
    discussion: """
      Examples: ar1 priority 12 50 --reason 'the fair is tomorrow'
                ar1 priority 12 -20
      """)

  @Argument(help: "The job's number.") var job: Int64
  // A list, as only lists take what begins with a dash and is no option: a number below 0.
  @Argument(
    parsing: .allUnrecognized,
    help: ArgumentHelp("Its new priority; 0 is normal.", valueName: "priority"))
  var priorities: [Int]
  @OptionGroup var options: ChangeOptions

  func validate() throws {
    guard priorities.count == 1 else { throw ValidationError("give the job's number and one priority") }
  }

  func change(_ client: CoordinatorClient, reason: String?) async throws -> JobRecord {
    try await client.change(job, ChangeJobRequest(priority: priorities[0], reason: reason))
  }

  func sentence(_ job: JobRecord) -> String { "job \(job.id) has priority \(job.spec.priority)" }
}

struct PauseCommand: ChangeCommand {
  static let configuration = CommandConfiguration(
    commandName: "pause",
    abstract: "Begin no more tasks of a job; those that run go on.",
    discussion: """
      'ar1 lab pause' does so with everything of a lab, 'ar1 drain' with a worker.

      Example: ar1 pause 12 --reason 'new pictures come tonight'
      """)

  @Argument(help: "The job's number.") var job: Int64
  @OptionGroup var options: ChangeOptions

  func change(_ client: CoordinatorClient, reason: String?) async throws -> JobRecord {
    try await client.change(job, ChangeJobRequest(paused: true, reason: reason))
  }

  func sentence(_ job: JobRecord) -> String {
    "job \(job.id) is paused; 'ar1 resume \(job.id)' lets it go on"
  }
}

struct ResumeCommand: ChangeCommand {
  static let configuration = CommandConfiguration(
    commandName: "resume",
    abstract: "Let a job go on that was paused, has failed or was cancelled.",
    discussion: """
      One that has failed or was cancelled gets another try, as by 'ar1 retry': what is done stays done. A training goes \
      on after its last recorded step: its learner restores the last full state and replays the groups recorded since.

      Example: ar1 resume 12
      """)

  @Argument(help: "The job's number.") var job: Int64
  @OptionGroup var options: ChangeOptions

  func change(_ client: CoordinatorClient, reason: String?) async throws -> JobRecord {
    let state = try await client.wait(for: job, upTo: 0).state
    if state == .failed || state == .cancelled {
      let retried = try await client.retry(job, reason: reason)
      if retried.pausedAt == nil { return retried }
    }
    return try await client.change(job, ChangeJobRequest(paused: false, reason: reason))
  }

  func sentence(_ job: JobRecord) -> String { "job \(job.id) goes on (\(job.state.rawValue))" }
}

struct RetryCommand: ChangeCommand {
  static let configuration = CommandConfiguration(
    commandName: "retry",
    abstract: "Give the failed and cancelled tasks of a job another try; what is done stays done.",
    discussion: "Example: ar1 retry 12 --reason 'the disk has room again'")

  @Argument(help: "The job's number.") var job: Int64
  @OptionGroup var options: ChangeOptions

  func change(_ client: CoordinatorClient, reason: String?) async throws -> JobRecord {
    try await client.retry(job, reason: reason)
  }

  func sentence(_ job: JobRecord) -> String { "job \(job.id) gets another try (\(job.state.rawValue))" }
}

struct CancelCommand: ChangeCommand {
  static let configuration = CommandConfiguration(
    commandName: "cancel",
    abstract: "Cancel a job: its workers stop, what they have not committed is discarded.",
    discussion: "Example: ar1 cancel 12 --reason 'wrong data'")

  @Argument(help: "The job's number.") var job: Int64
  @OptionGroup var options: ChangeOptions

  func change(_ client: CoordinatorClient, reason: String?) async throws -> JobRecord {
    try await client.cancel(job, reason: reason)
  }

  func sentence(_ job: JobRecord) -> String { "job \(job.id) \(job.state.rawValue)" }
}
