import ArgumentParser
import JobModel
import OrderedJSON

/// Clients that submit jobs one by one.
struct Submit: AsyncParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Submit jobs one by one.")
  @OptionGroup var queue: QueueOptions
  @Option(help: "Clients at once.") var clients = 16
  @Option(help: "Seconds.") var seconds = 2.0

  func run() async throws {
    let (_, queue) = try await self.queue.open()
    let start = ContinuousClock.now
    let end = start + .seconds(seconds)
    let clients = clients
    let spec = try Workload.spec()
    let done = try await withThrowingTaskGroup(of: Int.self) { group in
      for _ in 0..<clients {
        group.addTask {
          var count = 0
          while .now < end {
            _ = try await queue.submit(spec)
            count += 1
          }
          return count
        }
      }
      return try await group.reduce(0, +)
    }
    let elapsed = (ContinuousClock.now - start).seconds
    report([
      "done": .integer(done), "seconds": .number(elapsed), "rate": .number(Double(done) / elapsed),
    ])
  }
}
