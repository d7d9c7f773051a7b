/// How numbers are shown to people. One form each, so that every command reads alike.
enum Format {
  /// "0.4 s", "12 s", "3 min 05 s", "2 h 07 min", "3 d 4 h".
  static func duration(_ seconds: Double) -> String {
    guard seconds >= 0, seconds < 1e15 else { return "–" }
    if seconds < 9.95 { return "\(fixed(seconds, 1)) s" }
    let whole = Int(seconds.rounded())
    if whole < 60 { return "\(whole) s" }
    if whole < 3_600 { return "\(whole / 60) min \(twoDigits(whole % 60)) s" }
    if whole < 86_400 { return "\(whole / 3_600) h \(twoDigits(whole % 3_600 / 60)) min" }
    return "\(whole / 86_400) d \(whole % 86_400 / 3_600) h"
  }

  /// "812 B", "4.0 KiB", "3.7 MiB".
  static func size(_ bytes: Int) -> String {
    guard bytes >= 1_024 else { return "\(bytes) B" }
    var value = Double(bytes)
    var unit = ""
    for name in ["KiB", "MiB", "GiB", "TiB", "PiB"] {
      value /= 1_024
      unit = name
      if value < 1_000 { break }
    }
    return "\(fixed(value, 1)) \(unit)"
  }

  /// "12.5 %" of a share between 0 and 1.
  static func percent(_ share: Double, digits: Int = 1) -> String {
    share.isFinite ? "\(fixed(share * 100, digits)) %" : "–"
  }

  /// Whole units of what a worker counts; "–" for what is no such number.
  static func count(_ number: Double) -> String { Int(exactly: number.rounded(.down)).map(count) ?? "–" }

  /// "12,345".
  static func count(_ number: Int) -> String {
    var digits = Array(String(number.magnitude))
    var position = digits.count - 3
    while position > 0 {
      digits.insert(",", at: position)
      position -= 3
    }
    return (number < 0 ? "-" : "") + String(digits)
  }

  /// "7.3/s", "12/min".
  static func rate(_ perSecond: Double) -> String {
    guard perSecond.isFinite else { return "–" }
    if perSecond >= 99.5 { return "\(count(Int(perSecond.rounded())))/s" }
    return perSecond >= 1 ? "\(fixed(perSecond, 1))/s" : "\(fixed(perSecond * 60, 1))/min"
  }

  /// A number with exactly `digits` decimals, with a point whatever the locale.
  static func fixed(_ value: Double, _ digits: Int) -> String {
    guard value.isFinite else { return value.isNaN ? "nan" : value < 0 ? "-inf" : "inf" }
    var scale = 1.0
    for _ in 0..<digits { scale *= 10 }
    let scaled = (value * scale).rounded()
    guard abs(scaled) < 9e15 else { return String(value) }
    let whole = Int(scaled.magnitude)
    let sign = scaled < 0 ? "-" : ""
    guard digits > 0 else { return sign + String(whole) }
    let text = String(whole)
    let padded = String(repeating: "0", count: max(0, digits + 1 - text.count)) + text
    return sign + padded.dropLast(digits) + "." + padded.suffix(digits)
  }

  /// The local date and time, "2026-03-04 17:08", of seconds since 1970.
  static func time(_ timestamp: Double) -> String { LocalTime(timestamp).minutes }

  private static func twoDigits(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
