import CoordinatorClient
import JobModel
import OrderedJSON
import Synchronization
import Testing
import WorkerRuntime

@Suite("A worker's own GPU", .timeLimit(.minutes(2)))
struct OwnDeviceTests {
  /// Notes which tasks have which GPU at the same time. Plans spawn shards, and shards last a little.
  private final class Watching: TaskExecutor {
    let kinds: [TaskKind] = [.plan, .shard, .report]
    private struct State: Sendable {
      var onDevice: [Int: [ClaimedTask]] = [:]
      var clashes: [String] = []
      var alone = 0
    }
    private let state = Mutex(State())
    var clashes: [String] { state.withLock { $0.clashes } }
    var alone: Int { state.withLock { $0.alone } }

    func run(_ task: ClaimedTask, context: TaskContext) async throws -> TaskOutcome {
      state.withLock { state in
        if task.need.gpus > 0 { state.alone += 1 }
        for device in context.devices {
          let beside = state.onDevice[device, default: []]
          if !beside.isEmpty, task.need.gpus > 0 || beside.contains(where: { $0.need.gpus > 0 }) {
            state.clashes.append("task \(task.id) beside \(beside.map(\.id)) on GPU \(device)")
          }
          state.onDevice[device] = beside + [task]
        }
      }
      defer {
        state.withLock { state in
          for device in context.devices { state.onDevice[device]?.removeAll { $0.id == task.id } }
        }
      }
      for _ in 0..<200 { await Task.yield() }
      guard task.kind == .plan else { return TaskOutcome() }
      return TaskOutcome(spawn: (0..<3).map { _ in NewTask(kind: .shard, stage: 1, payload: [:]) })
    }
  }

  @Test(
    "a task that asks for no GPU never runs beside one that has the worker's own alone, and all have their turn"
  )
  func neverBeside() async throws {
    try await TestQueue.run { queue in
      let executor = Watching()
      let worker = Worker(
        client: CoordinatorClient(url: queue.url, token: queue.workerSecret, patience: .endless),
        executors: [executor],
        configuration: WorkerConfiguration(
          name: "tester", slots: 4, devices: [.init(index: 0, name: "H100", memoryBytes: 80 << 30)],
          ownDevice: 0, claimWaitSeconds: 0.05),
        logger: TestQueue.quiet)
      var jobs: [JobID] = []
      for index in 0..<8 {
        var spec = try TestQueue.spec()
        if index % 2 == 1 { spec.resources = ResourceRequest(gpus: 1) }
        jobs.append(try await queue.member.submit(SubmitRequest(spec: spec)).id)
      }
      let running = Task { try await worker.run() }
      for job in jobs { try await queue.succeeds(job) }
      #expect(executor.clashes.isEmpty, "\(executor.clashes)")
      #expect(executor.alone == 12)
      running.cancel()
      _ = await running.result
    }
  }
}
