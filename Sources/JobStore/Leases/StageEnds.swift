import Synchronization

/// How often this process's calls end the last tasks of a stage.
///
/// Where they do, a call looks before it ends tasks whether they are the last ones, so that what follows is in the same
/// commit. In the middle of long stages the look is not worth its time: a call that was the last all the same sees so
/// after its commit, and what follows is a commit of its own.
final class StageEnds: Sendable {
  /// So many calls look after one that ended a stage.
  private static let attention = 16
  private let callsSince = Atomic(0)

  var areRare: Bool { callsSince.load(ordering: .relaxed) >= Self.attention }

  /// A call has ended, or has found that it would end, the last tasks of a stage.
  func note() { callsSince.store(0, ordering: .relaxed) }

  /// A call has ended tasks that are not the last of their stage, as far as it looked.
  func noteNone() { callsSince.add(1, ordering: .relaxed) }
}
