import ArgumentParser
import Glibc
import JobModel
import OrderedJSON
import PostgresClient

/// Workers that do nothing but renew their leases.
struct HeartbeatLoad: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "heartbeats", abstract: "Renew the leases of many workers, each with a task in hand.")
  @OptionGroup var queue: QueueOptions
  @Option(help: "Workers.") var workers = 1_000
  @Option(help: "Seconds between two heartbeats of a worker.") var every = 5.0
  @Option(help: "Seconds.") var seconds = 20.0

  func run() async throws {
    let (_, queue) = try await self.queue.open()
    _ = try await Workload.fill(queue, tasks: workers)
    var held: [(SessionID, [Lease])] = []
    for _ in 0..<workers {
      let session = try await queue.register(slots: 1)
      held.append((session, try await queue.claim(session, [.shard], limit: 1, wait: 0).map(\.lease)))
    }
    let (every, seconds) = (every, seconds)
    // The load begins with all workers out of step.
    // Unbuffered: whoever reads it begins to measure.
    _ = write(1, "ready\n", 6)
    let begin = ContinuousClock.now
    let end = begin + .seconds(seconds)
    let beats = try await withThrowingTaskGroup(of: (Int, Int).self) { group in
      for (session, leases) in held {
        group.addTask {
          var (sent, lost) = (0, 0)
          var next = begin + .seconds(.random(in: 0..<every))
          while next < end {
            try await Task.sleep(until: next)
            if try await !queue.heartbeat(session, leases) { lost += 1 }
            sent += 1
            next += .seconds(every * .random(in: 0.9...1.1))
          }
          return (sent, lost)
        }
      }
      return try await group.reduce(into: (0, 0)) { $0 = ($0.0 + $1.0, $0.1 + $1.1) }
    }
    report([
      "workers": .integer(workers), "beats": .integer(beats.0), "lost": .integer(beats.1),
      "seconds": .number((ContinuousClock.now - begin).seconds),
    ])
  }
}
