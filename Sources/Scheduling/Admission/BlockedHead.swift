import JobModel

/// The demand that is next and does not fit, with the moment at which it will.
///
/// Backfill after EASY: something behind it may start only if it ends before that moment, or on what will be left
/// beside the head then.
struct BlockedHead {
  let demand: Demand
  /// When enough will have ended; infinite when that cannot be told.
  private var readyAt = Double.infinity
  /// What is left at that moment beside the head.
  private var beside: Pool?

  init(
    _ demand: Demand, pool: Pool, holdings: [Holding], spots: [TaskID: Pool.Spot], now: Double,
    policy: SchedulingPolicy
  ) {
    self.demand = demand
    var future = pool
    let ends = holdings.map { (end: Self.end(of: $0, now: now, policy: policy), holding: $0) }
      .sorted { ($0.end, $0.holding.task) < ($1.end, $1.holding.task) }
    for (end, holding) in ends {
      guard let spot = spots[holding.task] else { continue }
      future.free(spot)
      if future.place(demand) != nil {
        readyAt = end
        beside = future
        return
      }
    }
  }

  /// When a task will be over, as far as can be told: at its measured end, at once when it was asked to give way,
  /// and a while after an end that has passed already.
  static func end(of holding: Holding, now: Double, policy: SchedulingPolicy) -> Double {
    if holding.isYielding { return now }
    let length = holding.expectedSeconds ?? policy.assumedSeconds
    let expected = holding.expectedEnd ?? (holding.isRunning ? holding.since : now) + length
    return max(expected, now + 30)
  }

  private func endsInTime(_ other: Demand, now: Double) -> Bool {
    guard let seconds = other.expectedSeconds else { return false }
    return now + seconds <= readyAt
  }

  /// Whether admitting `other` would make the head start later.
  func isDelayed(by other: Demand, now: Double) -> Bool {
    guard let beside else { return false }
    return !endsInTime(other, now: now) && !beside.fits(other)
  }

  /// Takes note of what was let through.
  mutating func admitted(_ other: Demand, now: Double) {
    if !endsInTime(other, now: now) { _ = beside?.place(other) }
  }
}
