import ArgumentParser
import CoordinatorClient
import JobModel

struct DrainCommand: ChangeCommand {
  static let configuration = CommandConfiguration(
    commandName: "drain",
    abstract: "Let a worker finish what it has and give it nothing more; for administrators.",
    discussion: """
      Examples: ar1 drain 7 --reason 'new memory'
                ar1 drain 7 --undo
      """)

  @Argument(help: "The worker's session, as 'ar1 workers' lists it.") var session: Int64
  @Flag(help: "Give it work again.") var undo = false
  @OptionGroup var options: ChangeOptions

  func change(_ client: CoordinatorClient, reason: String?) async throws -> WorkerRecord {
    try await client.changeWorker(session, ChangeWorkerRequest(draining: !undo, reason: reason))
  }

  func sentence(_ worker: WorkerRecord) -> String {
    let what =
      worker.draining
      ? "finishes \(worker.running) task\(worker.running == 1 ? "" : "s") and takes no more"
      : "takes tasks again"
    return "worker \(worker.name) (session \(worker.session)) \(what)"
  }
}
