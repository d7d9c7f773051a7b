import JobModel
import Synchronization

/// Asks the rules for new jobs about the jobs of tasks: one that came when other rules held fails with what today's have
/// against it, before an executor meets values that it does not expect. Each job is looked at once per worker.
final class JobRules: Sendable {
  /// More are not kept in mind; jobs end without a word here.
  private static let most = 10_000
  private let allowed = Mutex<Set<JobID>>([])

  /// - Throws: `TaskError` of class user-error.
  func check(_ task: ClaimedTask) throws {
    guard !allowed.withLock({ $0.contains(task.job) }) else { return }
    if let refusal = task.spec.refusal { throw TaskError(.userError, refusal) }
    allowed.withLock { jobs in
      if jobs.count >= Self.most { jobs = [] }
      jobs.insert(task.job)
    }
  }
}
