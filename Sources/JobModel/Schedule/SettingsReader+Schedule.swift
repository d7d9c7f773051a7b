import OrderedJSON

extension SettingsReader {
  /// Numbers of jobs: one, or a list.
  mutating func jobs(_ key: some CodingKey) -> [JobID] {
    guard let value = find(key) else { return [] }
    let values = value.array ?? [value]
    let numbers = values.compactMap(\.int).map(JobID.init)
    guard numbers.count == values.count, keeps(numbers.count <= 100 && numbers.allSatisfy { $0 > 0 }) else {
      let wrong = values.first { ($0.int ?? 0) < 1 }
      problem(
        key,
        "found \(Self.describe(wrong ?? value)); allowed is a job's number, or a list of at most 100")
      return []
    }
    return Set(numbers).sorted()
  }

  mutating func moment(_ key: some CodingKey) -> Timestamp? {
    guard let value = find(key) else { return nil }
    let seconds = value.string.flatMap(Moment.parse) ?? value.double
    guard let seconds, seconds >= 0, seconds < 4e9 else {
      problem(
        key,
        "found \(Self.describe(value)); allowed is a moment in UTC such as '2026-12-01 22:00', or seconds since 1970"
      )
      return nil
    }
    return seconds.rounded(.down)
  }

  /// Seconds, as 90, "15m" or "8h".
  mutating func length(_ key: some CodingKey, in range: ClosedRange<Double>) -> Double? {
    guard let value = find(key) else { return nil }
    guard let seconds = value.string.flatMap(TimeLength.parse) ?? value.double, keeps(range.contains(seconds))
    else {
      problem(
        key,
        "found \(Self.describe(value)); allowed is a length of time such as 90s, 15m or 8h, from "
          + "\(Int(range.lowerBound)) s to \(Int(range.upperBound / 86_400)) d")
      return nil
    }
    return seconds
  }

  mutating func cron(_ key: some CodingKey) -> String? {
    guard let text = optionalText(key, longest: 200) else { return nil }
    guard keeps(CronSchedule(text) != nil) else {
      problem(
        key,
        "found '\(text.prefix(60))'; allowed are minute, hour, day, month and weekday as cron writes them, in UTC: "
          + "'30 22 * * 1-5'")
      return nil
    }
    return text
  }
}
