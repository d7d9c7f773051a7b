/// A schedule as cron writes it, in UTC: minute, hour, day of the month, month, day of the week (0 and 7 are Sunday).
/// Each is `*`, a number, a range, a list of them, or one with a step: `30 22 * * 1-5`, `*/15 * * * *`.
///
/// As in cron, a moment fits when the day of the month or that of the week does, if both are given.
public struct CronSchedule: Sendable, Equatable {
  private let minutes: Set<Int>
  private let hours: Set<Int>
  private let days: Set<Int>
  private let months: Set<Int>
  private let weekdays: Set<Int>
  private let anyDay: Bool
  private let anyWeekday: Bool

  /// nil for a text that is no schedule, or that no moment ever fits.
  public init?(_ text: String) {
    let fields = text.split(separator: " ")
    guard fields.count == 5, let minutes = Self.field(fields[0], 0...59),
      let hours = Self.field(fields[1], 0...23), let days = Self.field(fields[2], 1...31),
      let months = Self.field(fields[3], 1...12), let weekdays = Self.field(fields[4], 0...7)
    else { return nil }
    self.minutes = minutes
    self.hours = hours
    self.days = days
    self.months = months
    self.weekdays = Set(weekdays.map { $0 % 7 })
    anyDay = fields[2] == "*"
    anyWeekday = fields[4] == "*"
    guard next(after: 0) != nil else { return nil }
  }

  private static func field(_ text: Substring, _ range: ClosedRange<Int>) -> Set<Int>? {
    var values: Set<Int> = []
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      let stepped = part.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
      let bounds = stepped[0].split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
      var (low, high) = (range.lowerBound, range.upperBound)
      if stepped[0] != "*" {
        guard let first = Int(bounds[0]) else { return nil }
        low = first
        if bounds.count == 2 {
          guard let last = Int(bounds[1]) else { return nil }
          high = last
        } else if stepped.count == 1 {
          high = first
        }
      }
      var step = 1
      if stepped.count == 2 {
        guard let given = Int(stepped[1]), given > 0 else { return nil }
        step = given
      }
      guard low <= high, range.contains(low), range.contains(high) else { return nil }
      values.formUnion(stride(from: low, through: high, by: step))
    }
    return values
  }

  /// The first moment after this one that fits; nil when none does within nine years.
  public func next(after moment: Timestamp) -> Timestamp? {
    var minute = Int(moment.rounded(.down)) / 60 + 1
    for _ in 0..<(9 * 366) {
      let day = minute / 1_440
      if fits(day: day) {
        for candidate in (minute % 1_440)..<1_440
        where hours.contains(candidate / 60) && minutes.contains(candidate % 60) {
          return Double((day * 1_440 + candidate) * 60)
        }
      }
      minute = (day + 1) * 1_440
    }
    return nil
  }

  private func fits(day: Int) -> Bool {
    let date = Moment.date(ofDay: day)
    guard months.contains(date.month) else { return false }
    // 1 January 1970 was a Thursday.
    let (ofMonth, ofWeek) = (days.contains(date.day), weekdays.contains((day + 4) % 7))
    if anyDay { return ofWeek }
    if anyWeekday { return ofMonth }
    return ofMonth || ofWeek
  }
}
