/// How long a worker may believe that a lease is its own, on the machine's monotonic clock alone.
///
/// The leases of a session live `leaseSeconds` from its last heartbeat, by the database's clock. The worker
/// knows only when that heartbeat's request was sent, which is earlier, and counts from there, less a margin
/// for clocks that run at different rates: so it stops before anyone else can start.
struct LeaseTrust: Sendable, Equatable {
  private(set) var until: ContinuousClock.Instant
  private let span: Duration

  /// - Parameter start: when the request was sent that renewed the session last.
  init(leaseSeconds: Double, renewedBy start: ContinuousClock.Instant) {
    span = .seconds(leaseSeconds - Self.margin(leaseSeconds))
    until = start + span
  }

  /// A tenth of the lease, two seconds at most.
  static func margin(_ leaseSeconds: Double) -> Double { min(2, leaseSeconds / 10) }

  mutating func renewed(by start: ContinuousClock.Instant) { until = max(until, start + span) }

  func holds(at now: ContinuousClock.Instant) -> Bool { now < until }
}
