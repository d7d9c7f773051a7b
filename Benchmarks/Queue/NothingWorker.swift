import ArgumentParser
import CoordinatorClient
import FoundationEssentials
import JobModel
import OrderedJSON
import WorkerRuntime

/// A real worker whose tasks do nothing for a while: for faults. It works until it is killed.
struct NothingWorker: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "worker", abstract: "Work on tasks that do nothing for a while, until it is killed.")
  @Option(help: "The coordinator's address.") var url: String
  @Option(help: "A file with a worker's token.") var tokenFile: String
  @Option(help: "Tasks at once.") var slots = 4
  @Option(help: "Tasks of each job.") var items = 12
  @Option(help: "How long a task takes at most, in milliseconds.") var most = 60

  func run() async throws {
    let token = String(decoding: try Data(contentsOf: URL(filePath: tokenFile)), as: UTF8.self)
    let worker = Worker(
      client: CoordinatorClient(
        url: url, token: String(token.filter { !$0.isWhitespace }), patience: .endless),
      executors: [NothingExecutor(items: items, most: most)],
      configuration: WorkerConfiguration(slots: slots, claimWaitSeconds: 5))
    try await worker.run()
  }
}

/// Plans a range, does nothing with its items, and says under which epoch it did so.
private struct NothingExecutor: WorkerRuntime.TaskExecutor {
  let items: Int
  let most: Int
  let kinds: [TaskKind] = [.plan, .shard, .report]

  func run(_ task: ClaimedTask, context: TaskContext) async throws -> TaskOutcome {
    try await Task.sleep(for: .milliseconds(Int.random(in: 0...most)))
    try context.checkCancellation()
    let result = JSON.object([.init("epoch", .integer(Int(task.epoch)))])
    guard task.kind == .plan else { return TaskOutcome(result: result) }
    return TaskOutcome(
      result: result, spawn: [NewTask(kind: .report, stage: 2, payload: .object([]))],
      range: NewRange(stage: 1, items: 0..<items, size: 1))
  }
}
