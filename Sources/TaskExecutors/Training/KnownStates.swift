internal import Checkpoints
internal import FoundationEssentials
internal import JobModel
internal import PostTraining
internal import WorkerRuntime

/// The full states of a run that are still there, the newest first.
struct KnownStates {
  private let versions: [PolicyVersion]

  init(among versions: [PolicyVersion]) {
    self.versions = versions.reversed().filter { version in
      let name = version.path.split(separator: "/").last.flatMap { CheckpointName(String($0)) }
      return name?.kind == .state && FileManager.default.fileExists(atPath: version.path)
    }
  }

  struct Restored {
    /// The step of the state; nil when there is none, and the learner is what it was.
    var step: Int?
    /// Newer ones, which could not be read.
    var passedOver: [PolicyVersion] = []
  }

  /// Has the learner, with its other processes, go on from the newest state that can be read. One that cannot is told of
  /// and passed over: the ledger has all that was learnt after the one before it, or after the start.
  func restoreNewest(
    into learner: any PolicyLearner, crew: LearnerCrew, context: TaskContext
  ) throws -> Restored {
    var restored = Restored()
    for (index, version) in versions.enumerated() {
      do {
        let checkpoint = try Checkpoint(folder: version.path, manifestSHA256: version.sha256)
        // Behind the only one there is the start, for which the weights have to stay what they are.
        if versions.count == 1 { try checkpoint.verify() }
        try learner.restore(from: checkpoint)
        try crew.tell(.restore(path: version.path, sha256: version.sha256))
        restored.step = version.number
        return restored
      } catch let error as CheckpointError where error.isDamage {
        context.log(
          "the full state of step \(version.number) cannot be read and is passed over: \(error)",
          stream: .error)
        restored.passedOver.append(version)
        // Half of several may have been taken over.
        guard index < versions.count - 1 || versions.count == 1 else {
          throw TaskError(
            .transient,
            "none of the run's full states can be read, that of step \(version.number) neither: \(error)")
        }
      }
    }
    return restored
  }
}
