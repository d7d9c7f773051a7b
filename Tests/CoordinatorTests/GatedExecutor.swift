import JobModel
import OrderedJSON
import Synchronization
import WorkerRuntime

/// An executor for tests: a plan spawns three shards and a report, a shard answers its number, the report
/// adds up what the shards answered. Shards can be held back, so that a test acts in the middle of one.
final class GatedExecutor: TaskExecutor {
  let kinds: [TaskKind]

  private struct State: Sendable {
    var isOpen: Bool
    var begun: [ClaimedTask] = []
    var stops: [StopReason] = []
  }
  private let state: Mutex<State>

  init(kinds: [TaskKind] = [.plan, .shard, .report], isOpen: Bool = true) {
    self.kinds = kinds
    state = Mutex(State(isOpen: isOpen))
  }

  /// Lets held shards go on.
  func open() { state.withLock { $0.isOpen = true } }

  /// Tasks that were begun, in order.
  var begun: [ClaimedTask] { state.withLock { $0.begun } }

  /// Why tasks were told to stop.
  var stops: [StopReason] { state.withLock { $0.stops } }

  func run(_ task: ClaimedTask, context: TaskContext) async throws -> TaskOutcome {
    state.withLock { $0.begun.append(task) }
    switch task.kind {
    case .plan:
      context.log("planning")
      return TaskOutcome(
        spawn: (1...3).map {
          NewTask(
            kind: .shard, stage: 1, payload: ["number": .integer($0)],
            progress: TaskProgress(done: 0, total: 10, unit: "images"))
        } + [NewTask(kind: .report, stage: 2, payload: [:])])
    case .shard:
      let number = task.payload["number"]?.int ?? 0
      context.log("shard \(number) begins\non two lines")
      context.progress(TaskProgress(done: 5, total: 10, unit: "images"))
      try await waitForGate(context)
      context.progress(TaskProgress(done: 10, total: 10, unit: "images"))
      return TaskOutcome(result: ["answer": .integer(number)])
    case .report:
      let answers = try await context.job().tasks.compactMap { $0.result?["answer"]?.int }
      return TaskOutcome(result: ["sum": .integer(answers.reduce(0, +))])
    case .learn, .rolloutGroup:
      throw TaskError(.userError, "no such task in these tests")
    }
  }

  private func waitForGate(_ context: TaskContext) async throws {
    while !state.withLock({ $0.isOpen }) {
      if let reason = context.stopReason {
        state.withLock { $0.stops.append(reason) }
        throw TaskStopped(reason: reason)
      }
      await Task.yield()
      try? await Task.sleep(for: .milliseconds(5))
    }
  }
}
