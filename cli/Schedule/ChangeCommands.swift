import ArgumentParser
import CoordinatorClient
import JobModel

struct PriorityCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "priority",
    abstract: "Change the priority of a job while it waits: -100 to 100, higher goes first.",
    discussion: "Example: ar1 priority 12 50")

  @Argument(help: "The job's number.") var job: Int64
  @Argument(help: "Its new priority; 0 is normal.") var priority: Int
  @OptionGroup(title: "Connection") var connection: ConnectionOptions

  func run() async throws {
    let record = try await connection.client().change(job, ChangeJobRequest(priority: priority))
    Terminal.write("job \(record.id) has priority \(record.spec.priority)\n")
  }
}

struct PauseCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pause",
    abstract: "Begin no more tasks of a job; those that run go on.",
    discussion: "Example: ar1 pause 12")

  @Argument(help: "The job's number.") var job: Int64
  @OptionGroup(title: "Connection") var connection: ConnectionOptions

  func run() async throws {
    let record = try await connection.client().change(job, ChangeJobRequest(paused: true))
    Terminal.write("job \(record.id) is paused; 'ar1 resume \(record.id)' lets it go on\n")
  }
}

struct ResumeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "resume",
    abstract: "Let a paused job go on.",
    discussion: "Example: ar1 resume 12")

  @Argument(help: "The job's number.") var job: Int64
  @OptionGroup(title: "Connection") var connection: ConnectionOptions

  func run() async throws {
    let record = try await connection.client().change(job, ChangeJobRequest(paused: false))
    Terminal.write("job \(record.id) goes on\n")
  }
}

struct DrainCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "drain",
    abstract: "Let a worker finish what it has and give it nothing more; for administrators.",
    discussion: "Example: ar1 drain 7, and later: ar1 drain 7 --undo")

  @Argument(help: "The worker's session, as 'ar1 workers' lists it.") var session: Int64
  @Flag(help: "Give it work again.") var undo = false
  @OptionGroup(title: "Connection") var connection: ConnectionOptions

  func run() async throws {
    let worker = try await connection.client().changeWorker(session, ChangeWorkerRequest(draining: !undo))
    Terminal.write(
      "worker \(worker.name) (session \(worker.session)) "
        + (worker.draining ? "finishes \(worker.running) tasks and takes no more\n" : "takes tasks again\n"))
  }
}
