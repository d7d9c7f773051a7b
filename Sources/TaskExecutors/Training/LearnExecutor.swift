internal import Checkpoints
internal import FoundationEssentials
public import JobModel
internal import OrderedJSON
internal import PostTraining
internal import QwenVL
internal import Tensors
public import WorkerRuntime

/// The learner of a training job (section 3.2 of the paper), from wherever the last one stopped to the last step.
///
/// By GRPO it meets rollout workers only through the ledger: it asks for groups of the current policy version, takes
/// them in the order of the prompt stream, learns, publishes the new weights and records the step; recording consumes
/// the groups and announces the version in one transaction. A learner that dies is replaced by one that restores the last
/// full state and replays the recorded groups, so nothing is learnt twice.
public struct LearnExecutor: WorkerRuntime.TaskExecutor {
  private let crew: LearnerCrew

  /// - Parameter crew: the processes that make up the learner.
  package init(crew: LearnerCrew) {
    self.crew = crew
  }

  public var jobKinds: [JobKind] { [.train] }
  public var kinds: [TaskKind] { [.learn] }
  public var savesOnRequest: Bool { true }

  public func run(_ task: ClaimedTask, context: TaskContext) async throws -> TaskOutcome {
    guard case .train(let settings) = task.spec.settings else {
      throw TaskError(.userError, "a learner's task of a job that is none")
    }
    defer { try? crew.tell(.end) }
    var gpus = GPUs()
    let gpu = context.devices.first
    let result: Result<TaskOutcome, any Error>
    do {
      result = .success(try await learn(settings, task, context, on: try gpus.device(gpu)))
    } catch {
      result = .failure(error)
    }
    // The run is gone, and all it held with it: what is left would be missing to the next task.
    let error: (any Error)? = if case .failure(let error) = result { error } else { nil }
    if let gpu, let reason = gpus.closeReason(gpu, after: error) { context.withhold(gpu, because: reason) }
    return try result.get()
  }

  private func learn(
    _ settings: TrainSettings, _ task: ClaimedTask, _ context: TaskContext, on device: CUDADevice?
  ) async throws -> TaskOutcome {
    let run = try LearningRun(settings, task: task, crew: crew, context: context, device: device)
    try await run.resume()
    try await run.learn()
    return try await run.finish()
  }
}
