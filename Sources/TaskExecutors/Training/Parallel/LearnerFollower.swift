internal import Checkpoints
internal import FoundationEssentials
internal import JobModel
package import PostTraining
internal import QwenVL
internal import WorkerRuntime

/// A rank of a learner other than 0: does what rank 0 tells, with a model of its own, until it is sent home.
///
/// An actor on a thread of its own, since it waits and computes for long.
package actor LearnerFollower {
  private let thread = DedicatedThread(name: "follower")
  package nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

  private let collective: any Collective
  private let say: @Sendable (String) -> Void

  /// - Parameter say: told in a sentence what happens.
  package init(_ collective: any Collective, saying say: @escaping @Sendable (String) -> Void) {
    self.collective = collective
    self.say = say
  }

  /// - Throws: what keeps this rank from doing its part. The others would wait for it for ever, so the caller has to end
  ///   all of them.
  package func run() throws {
    var study: (any Study)?
    while true {
      let order = try JSONDecoder().decode(LearnerOrder.self, from: Data(collective.broadcast([])))
      switch order {
      case .begin(let spec):
        guard case .train(let settings) = spec.settings else { continue }
        study = nil
        do {
          let policy = try LoadedModel(policyOf: settings, training: true)
          study = try Studies.open(settings, policy: policy, crew: LearnerCrew(collective))
          say("rank \(collective.rank) of \(collective.size) trains \(settings.model)")
        } catch {
          // Most likely rank 0 has the same trouble and gives the training up; if not, the first step says so.
          say("rank \(collective.rank) cannot open the training: \(error)")
        }
      case .restore(let path, let sha256):
        try opened(study).learner.restore(from: Checkpoint(folder: path, manifestSHA256: sha256))
      case .adopt(let path, let sha256):
        try opened(study).learner.adoptWeights(from: Checkpoint(folder: path, manifestSHA256: sha256))
      case .groups(let groups): try (opened(study) as? GroupStudy)?.follow(groups)
      case .replies(let step): try (opened(study) as? ReplyStudy)?.follow(step: step)
      case .end: study = nil
      case .leave: return
      }
    }
  }

  private func opened(_ study: (any Study)?) throws -> any Study {
    guard let study else {
      throw TrainingError("rank \(collective.rank) has no training that it could take a step of")
    }
    return study
  }
}
