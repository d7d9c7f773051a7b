import JobModel

/// The use of a worker's GPU, as text.
enum DeviceText {
  /// "87 %".
  static func utilization(_ use: DeviceReport) -> String {
    use.utilization.map { Format.percent($0, digits: 0) } ?? "–"
  }

  /// "40.2 GiB of 79.6 GiB".
  static func memory(_ use: DeviceReport) -> String {
    guard let used = use.memoryUsed else { return "–" }
    return Format.size(Int(used)) + (use.memoryTotal.map { " of \(Format.size(Int($0)))" } ?? "")
  }

  /// "0: 87 %, 40.2 GiB of 79.6 GiB, 2 tasks".
  static func line(_ use: DeviceReport) -> String {
    var parts: [String] = []
    if use.utilization != nil { parts.append(utilization(use)) }
    if use.memoryUsed != nil { parts.append(memory(use)) }
    parts.append("\(use.tasks) task\(use.tasks == 1 ? "" : "s")")
    if use.isWithheld { parts.append("withheld") }
    return "\(use.index): " + parts.joined(separator: ", ")
  }
}
