import ArgumentParser
import JobModel
import OrderedJSON

/// Clients that submit jobs, one after the other.
struct Submit: AsyncParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Submit jobs one by one.")
  @OptionGroup var queue: QueueOptions
  @Option(help: "Clients at once.") var clients = 16
  @Option(help: "Tasks that each job's plan makes ready, which is then claimed and made; 0: jobs alone.")
  var tasks = 0
  @Option(help: "Seconds.") var seconds = 2.0

  func run() async throws {
    let (_, queue) = try await self.queue.open()
    let start = ContinuousClock.now
    let end = start + .seconds(seconds)
    let (clients, tasks) = (clients, tasks)
    let spec = try Workload.spec()
    let done = try await withThrowingTaskGroup(of: Int.self) { group in
      for _ in 0..<clients {
        group.addTask {
          var count = 0
          while .now < end {
            if tasks == 0 {
              _ = try await queue.submit(spec)
            } else {
              _ = try await Workload.fill(queue, tasks: tasks, lazily: true)
            }
            count += max(tasks, 1)
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
