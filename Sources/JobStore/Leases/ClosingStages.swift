import Synchronization

/// How many completions of this process have ended tasks after which their stages may be over.
///
/// A completion that saw a task of its stage wait to be claimed need not look again after its commit, unless that task
/// was claimed and completed before it committed: then whoever did so saw this one unfinished. It counts before it looks,
/// so either its look comes after this one's commit, or this one finds the count changed and looks itself.
final class ClosingStages: Sendable {
  private let noted = Atomic(0)

  var count: Int { noted.load(ordering: .sequentiallyConsistent) }

  func note() { noted.add(1, ordering: .sequentiallyConsistent) }
}
