public import JobModel
public import PostgresClient
public import Scheduling

/// Everything that is decided about jobs, tasks, leases and ledgers, as transactions on PostgreSQL.
///
/// Rules that hold throughout:
/// - every write under a lease names task and epoch; when either no longer holds, nothing is written and the
///   answer is `stale`;
/// - rows are locked in the order session, job, ready row, task, so that transactions wait for each other but
///   never in a circle; several jobs are locked in the order of their ids; a claim locks ready rows and tasks
///   and skips whatever is locked already; a completion locks tasks, and then only jobs that nobody has locked, or
///   claims, which skips;
/// - a read or write for a person names the lab; things of other labs do not exist.
///
/// Every function throws `PostgresError` (its `isUnavailable` is a database that is down) or `StoreError`.
public final class JobStore: Sendable {
  public let pool: ConnectionPool
  let retryPolicy: RetryPolicy
  let timing: LeaseTiming
  let schedulingPolicy: SchedulingPolicy
  let frontier = ClaimFrontier()
  let knownJobs = KnownJobs()
  let knownLessons = KnownLessons()
  let knownSums = KnownSums()
  let closingStages = ClosingStages()
  let stageEnds = StageEnds()
  let seenNeeds = SeenNeeds()
  let settling = Interval(.seconds(10))
  let claims = leaseCalls()
  let completions = leaseCalls()
  let turns = leaseCalls()
  let submissions = CallMerger<NewJob, CreatedJob?>(
    mostAtOnce: 4, patience: .milliseconds(20), enough: 8, most: 64, isOfOne: isOfOne)
  private let hint: ReadyHint

  public init(
    pool: ConnectionPool, retry: RetryPolicy = RetryPolicy(), timing: LeaseTiming = LeaseTiming(),
    scheduling: SchedulingPolicy = SchedulingPolicy()
  ) {
    self.pool = pool
    retryPolicy = retry
    self.timing = timing
    schedulingPolicy = scheduling
    hint = ReadyHint(pool: pool)
  }

  private static func leaseCalls() -> CallMerger<LeaseCall, LeaseReply> {
    CallMerger(
      mostAtOnce: 4, patience: .milliseconds(20), enough: 100, most: Claimer.most, weight: \.tasks,
      isOfOne: isOfOne)
  }

  /// The channel on which the store hints that tasks may be ready.
  public static let readyChannel = ReadyHint.channel

  /// Brings the database to this program's schema.
  /// - Parameter target: the last migration to keep; nil is the newest.
  /// - Returns: migrations applied (positive) and taken back (negative).
  @discardableResult
  public func migrate(to target: Int? = nil) async throws -> [Int] {
    try await Migrator(EmbeddedMigrations.all()).migrate(pool, to: target)
  }

  /// Calls `observer` whenever this process has made tasks ready or left some to the leader, once it is committed.
  public func whenReady(_ observer: @escaping @Sendable () -> Void) { hint.add(observer) }

  /// Tells claims, once the transaction that admitted tasks has committed.
  func announce(_ admitted: Admitted) {
    if let lowest = admitted.lowest { frontier.lower(to: lowest) }
    if admitted.count > 0 { hint.send() }
  }
}

/// How long a silent worker keeps its leases. The database's clock decides.
public struct LeaseTiming: Sendable, Equatable {
  /// A session silent for so long is dead, and its tasks go to others.
  public var leaseSeconds: Double
  /// How often workers renew.
  public var heartbeatSeconds: Double

  public init(leaseSeconds: Double = 30, heartbeatSeconds: Double = 5) {
    self.leaseSeconds = leaseSeconds
    self.heartbeatSeconds = heartbeatSeconds
  }
}
