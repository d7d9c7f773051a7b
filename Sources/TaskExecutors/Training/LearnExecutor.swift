internal import Checkpoints
internal import FoundationEssentials
public import JobModel
internal import OrderedJSON
internal import PostTraining
internal import QwenVL
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
    let run = try LearningRun(settings, task: task, crew: crew, context: context)
    try await run.resume()
    try await run.learn()
    return try await run.finish()
  }
}
