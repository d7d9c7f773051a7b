internal import FoundationEssentials

#if canImport(Glibc)
  internal import Glibc
#else
  internal import Musl
#endif

/// The moments of a step between which a learner may die without harm.
///
/// Tests let it die there: where the environment names a folder in `AR1_LEARNER_DIES_AT`, a file in it called
/// `<point>-<step>` makes the process kill itself the first time it passes that point. Without the variable, passing a
/// point does nothing.
enum CommitPoint: String, CaseIterable {
  /// The groups are in memory, nothing has been learnt.
  case groupsRead = "groups-read"
  /// The weights in memory are those of the step, nothing of it is on the disk.
  case learnt
  /// The checkpoint is written under a draft's name.
  case drafted
  /// The checkpoint has its name and the ledger does not know it.
  case published
  /// The step is in the ledger; copies and cleaning are still to do.
  case recorded
  /// All of the step is done.
  case cleaned
  /// The last step is done and the trained model is half exported.
  case exporting

  func pass(step: Int) {
    guard let folder = Self.folder else { return }
    // Removing the file first: whoever comes here next lives.
    guard unlink("\(folder)/\(rawValue)-\(step)") == 0 else { return }
    kill(getpid(), SIGKILL)
  }

  private static let folder = ProcessInfo.processInfo.environment["AR1_LEARNER_DIES_AT"]
}
