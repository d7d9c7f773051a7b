import Glibc

/// A moment in the zone of the machine, for people; machines get seconds since 1970.
struct LocalTime {
  private let parts: tm

  init(_ timestamp: Double) {
    var seconds = time_t(timestamp.isFinite ? max(-6e10, min(timestamp, 2e11)) : 0)
    var parts = tm()
    localtime_r(&seconds, &parts)
    self.parts = parts
  }

  /// "2026-03-04 17:08"
  var minutes: String { "\(parts.tm_year + 1900)-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday)) \(clock)" }
  /// "17:08:09"
  var seconds: String { "\(clock):\(two(parts.tm_sec))" }

  private var clock: String { "\(two(parts.tm_hour)):\(two(parts.tm_min))" }
  private func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
