internal import FoundationEssentials
internal import JobModel
package import PostTraining

/// The processes of one learner, as rank 0 leads them: it alone speaks with the coordinator, and tells the others what
/// to do before it does so itself.
///
/// Orders are given by one thread at a time: the learn task's while there is one, and otherwise the one that starts and
/// ends the process. A worker with a crew has a single slot.
package final class LearnerCrew: Sendable {
  let collective: any Collective

  package init(_ collective: any Collective) { self.collective = collective }

  /// A learner in one process.
  package static func alone() -> LearnerCrew { LearnerCrew(SoleProcess()) }

  func tell(_ order: LearnerOrder) throws {
    guard collective.size > 1 else { return }
    _ = try collective.broadcast([UInt8](JSONEncoder().encode(order)))
  }

  /// Sends the others home; rank 0 calls it when its worker has ended.
  package func dismiss() throws { try tell(.leave) }
}

/// What rank 0 has the others do.
enum LearnerOrder: Codable, Sendable {
  /// Load the model of a training and wait for its steps.
  case begin(JobSpec)
  /// Continue from a full state.
  case restore(path: String, sha256: String)
  /// Take over the weights of a version.
  case adopt(path: String, sha256: String)
  /// Take a step from these groups.
  case groups([RolloutGroup])
  /// Take the step of this number from given replies.
  case replies(step: Int)
  /// The training is over, or goes on elsewhere.
  case end
  /// Leave the process.
  case leave
}
