import Glibc

/// The constants of fair share. Durations in seconds.
public struct SchedulingPolicy: Sendable, Equatable {
  /// What was used so long ago counts half.
  public var halfLife = 7 * 86_400.0
  /// How far history moves a lab's weight up or down: with 4, a lab that has had nothing gets up to four times its
  /// share until it has caught up, one that had too much keeps at least a quarter.
  public var correction = 4.0
  /// A task is charged for at least so long from its admission until its end shows what it really took, so that a
  /// lab cannot have everything admitted before anything is counted.
  public var entrySeconds = 60.0
  /// What a task is taken to last when nothing is known of its kind.
  public var assumedSeconds = 900.0
  /// A task that has run for less is not asked to give way.
  public var minimumRun = 300.0
  /// A task that should end within so long is not asked: its place comes free by itself.
  public var nearEnd = 30.0
  /// A job asked to give way so often is left alone.
  public var preemptionBudget = 3
  /// How long a task that was asked to give way has to save its work.
  public var yieldSeconds = 120.0
  /// A lab waits so long for capacity to free by itself before it takes its own back.
  public var reclaimAfter = 10.0
  /// Beyond its nominal quota a lab has only so much of what it is due taken from others for it.
  public var reclaimedPart = 0.75
  /// At most so many tasks are asked to give way in one pass.
  public var preemptionsPerPass = 16
  /// A job that has waited so long goes one priority band up, and again after as long.
  public var agingSeconds = 12 * 3_600.0
  /// At most so many tasks are admitted in one pass.
  public var admissionsPerPass = 5_000

  public init() {}

  /// Priorities fall into three bands: patient, usual and urgent ones.
  private static let bands = [-100 ... -34, -33...33, 34...100]

  /// Of one user's jobs a band is served before the next; a job that has waited long goes up.
  public func band(priority: Int, waited: Double) -> Int {
    let own = Self.bands.firstIndex { priority <= $0.upperBound } ?? Self.bands.count - 1
    return min(Self.bands.count - 1, own + Int(min(max(0, waited) / agingSeconds, 1e6)))
  }

  /// Jobs of some priorities that have waited for so long.
  public struct BandPart: Sendable, Equatable {
    public let band: Int
    public let priorities: ClosedRange<Int>
    /// Seconds; one that has not begun to wait has waited for 0.
    public let waited: Range<Double>
  }

  /// The bands again, as parts of which each job is in one: within a part, jobs of one priority are served by their age.
  public var bandParts: [BandPart] {
    Self.bands.indices.flatMap { own in
      (own..<Self.bands.count).map { band in
        let (from, to) = (Double(band - own) * agingSeconds, Double(band - own + 1) * agingSeconds)
        return BandPart(
          band: band, priorities: Self.bands[own],
          waited: from..<(band == Self.bands.count - 1 ? .infinity : to))
      }
    }
  }

  /// How much more than its weight a lab counts for when it asks in this band. Between labs urgency weighs but does
  /// not rule: else whoever calls everything urgent would get everything.
  public func urgency(priority: Int) -> Double { priority > 33 ? 4 : priority < -33 ? 0.25 : 1 }

  /// What a unit-second costs: urgency has its price, patience its reward.
  public func price(priority: Int) -> Double { priority > 33 ? 2 : priority < -33 ? 0.5 : 1 }

  /// The part of a usage that still counts after `seconds`.
  public func decay(after seconds: Double) -> Double { exp2(-max(0, seconds) / halfLife) }
}
