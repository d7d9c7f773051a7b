/// What waiting requests of this process wait for. Other coordinators on the same database are heard through
/// NOTIFY for `work`, and by looking again every second for the rest.
struct Signals: Sendable {
  /// Tasks may have become ready.
  let work = WorkSignal()
  /// The leader may have something to admit: a place came free, or something waits for him.
  let places = WorkSignal()
  /// Rollout groups were committed.
  let groups = WorkSignal()
  /// Log lines were added, or a job has ended.
  let logs = WorkSignal()
  /// Jobs may have changed their state.
  let jobs = WorkSignal()

  func close() {
    for signal in [work, places, groups, logs, jobs] { signal.close() }
  }
}
