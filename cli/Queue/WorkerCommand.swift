import ArgumentParser
import CoordinatorClient
import JobModel
import Logging
import TaskExecutors
import WorkerRuntime

struct WorkerCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "worker",
    abstract: "Work on tasks of the queue.",
    discussion: """
      Waits, and says so, while the coordinator or its database is away. SIGTERM and SIGINT give the leases \
      back at once (that costs no attempt) and end it; a second one ends it without waiting.

      Example: ar1 worker --url http://queue.lab:8170 --token-file worker.token --kinds shard,report,plan
      """)

  @Option(help: "A name to know the worker by (the host's).") var name: String?
  @Option(help: "Tasks done at once.") var slots = 1
  @Option(help: "Only these kinds of tasks, separated by commas: \(Self.kindNames) (all).")
  var kinds: String?
  @Option(help: "trace, debug, info, notice, warning or error.") var logLevel = Logger.Level.info
  @OptionGroup(title: "Connection") var connection: ConnectionOptions

  private static var kindNames: String { TaskKind.allCases.map(\.rawValue).joined(separator: ", ") }

  func validate() throws {
    guard (1...1_000).contains(slots) else { throw ValidationError("--slots is 1 to 1000") }
    _ = try chosenKinds()
  }

  func run() async throws {
    let logger = LogOutput.logger("worker", level: logLevel)
    let worker = Worker(
      client: try connection.client(for: .worker), executors: TaskExecutorCatalogue.all(),
      configuration: WorkerConfiguration(name: name, slots: slots, kinds: try chosenKinds()), logger: logger)
    try await TerminationSignals.cancelling {
      try await worker.run()
    }
  }

  private func chosenKinds() throws -> Set<TaskKind>? {
    guard let kinds else { return nil }
    return try Set(
      kinds.split(separator: ",").map { part in
        let name = String(part.drop { $0 == " " })
        guard let kind = TaskKind(rawValue: name) else {
          let nearest = Spelling.nearest(to: name, among: TaskKind.allCases.map(\.rawValue))
          throw ValidationError(
            "'\(name)' is no kind of task; known are \(Self.kindNames)"
              + (nearest.map { "; did you mean '\($0)'?" } ?? ""))
        }
        return kind
      })
  }
}
