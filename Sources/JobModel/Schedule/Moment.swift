/// Moments as people write them in job files: "2026-12-01 22:00" or "2026-12-01T22:00:00Z", in UTC; or seconds since
/// 1970.
public enum Moment {
  /// Seconds since 1970; nil for a text that is no moment.
  public static func parse(_ text: String) -> Timestamp? {
    var text = Substring(text)
    if text.hasSuffix("Z") || text.hasSuffix("z") { text = text.dropLast() }
    let parts = text.split(whereSeparator: { $0 == "T" || $0 == " " || $0 == "t" })
    guard (1...2).contains(parts.count) else { return nil }
    let date = parts[0].split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
    let time =
      parts.count == 2
      ? parts[1].split(separator: ":", omittingEmptySubsequences: false).map { Int($0) } : [0, 0]
    guard date.count == 3, let year = date[0], let month = date[1], let day = date[2],
      (1970...9999).contains(year), (1...12).contains(month), (1...days(month, of: year)).contains(day),
      (2...3).contains(time.count), let hour = time[0], let minute = time[1], (0...23).contains(hour),
      (0...59).contains(minute), let second = time.count == 3 ? time[2] : 0, (0...59).contains(second)
    else { return nil }
    return Double(((daysSince1970(year, month, day) * 24 + hour) * 60 + minute) * 60 + second)
  }

  /// "2026-12-01T22:00:00Z"
  public static func text(_ moment: Timestamp) -> String {
    let (day, time) = Int(moment.rounded(.down)).quotientAndRemainder(dividingBy: 86_400)
    let date = date(ofDay: day)
    func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
    return
      "\(date.year)-\(two(date.month))-\(two(date.day))T\(two(time / 3_600)):\(two(time / 60 % 60)):\(two(time % 60))Z"
  }

  /// The date of a day counted from 1 January 1970.
  static func date(ofDay day: Int) -> (year: Int, month: Int, day: Int) {
    var year = 1970
    var left = day
    while left >= (isLeap(year) ? 366 : 365) {
      left -= isLeap(year) ? 366 : 365
      year += 1
    }
    var month = 1
    while left >= days(month, of: year) {
      left -= days(month, of: year)
      month += 1
    }
    return (year, month, left + 1)
  }

  private static func isLeap(_ year: Int) -> Bool { year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) }

  private static func days(_ month: Int, of year: Int) -> Int {
    switch month {
    case 2: isLeap(year) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }

  private static func daysSince1970(_ year: Int, _ month: Int, _ day: Int) -> Int {
    let before = (1970..<year).reduce(0) { $0 + (isLeap($1) ? 366 : 365) }
    return before + (1..<month).reduce(0) { $0 + days($1, of: year) } + day - 1
  }
}
