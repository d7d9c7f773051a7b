import ArgumentParser
import JobModel
import OrderedJSON
import PostgresClient

/// A job of very many images: from the call to submit until its work can be claimed.
struct LargeArray: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "large-array", abstract: "Submit a job of very many items, one task each.")
  @OptionGroup var queue: QueueOptions
  @Option(help: "Items, one task each.") var items = 100_000

  func run() async throws {
    let (store, queue) = try await self.queue.open()
    let start = ContinuousClock.now
    _ = try await Workload.fill(queue, tasks: items, lazily: true)
    let session = try await queue.register(slots: 1)
    guard try await !queue.claim(session, [.shard], limit: 1, wait: 10).isEmpty else {
      throw ValidationError("nothing of the job can be claimed")
    }
    let seconds = (ContinuousClock.now - start).seconds
    let rows: Int = try await store.pool.run {
      try $0.execute("SELECT count(*) AS n FROM tasks").only().get("n")
    }
    report(["items": .integer(items), "seconds": .number(seconds), "task_rows": .integer(rows)])
  }
}
