import ArgumentParser
import JobModel
import OrderedJSON

/// How long a job submitted to an idle queue waits until a worker has its first task in hand.
struct SubmitToStart: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "submit-to-start", abstract: "From the call to submit until a waiting worker has the task.")
  @OptionGroup var queue: QueueOptions
  @Option(help: "Jobs, one after another.") var jobs = 200
  @Option(help: "Workers that wait.") var workers = 4
  @Option(help: "Pause before each job, in milliseconds.") var pause = 25

  func run() async throws {
    let (_, queue) = try await self.queue.open()
    let spec = try Workload.spec()
    let (starts, started) = AsyncStream.makeStream(of: (JobID, ContinuousClock.Instant).self)
    let waiting = (0..<workers).map { _ in
      Task {
        let session = try await queue.register(slots: 1)
        while !Task.isCancelled {
          for task in try await queue.claim(session, [.plan], limit: 1, wait: 5) {
            started.yield((task.job, .now))
            _ = try await queue.complete([CompleteRequest(lease: task.lease)])
          }
        }
      }
    }
    try await Task.sleep(for: .milliseconds(500))
    var milliseconds: [Double] = []
    var arrivals = starts.makeAsyncIterator()
    for _ in 0..<jobs {
      try await Task.sleep(for: .milliseconds(pause))
      let start = ContinuousClock.now
      let job = try await queue.submit(spec)
      while let (begun, moment) = await arrivals.next() {
        guard begun == job else { continue }
        milliseconds.append((moment - start).seconds * 1000)
        break
      }
    }
    for worker in waiting { worker.cancel() }
    report([
      "jobs": .integer(jobs), "p50_ms": .number(milliseconds.quantile(0.5)),
      "p99_ms": .number(milliseconds.quantile(0.99)), "most_ms": .number(milliseconds.max() ?? 0),
    ])
  }
}
