/// A step in one line of the job's log.
enum StepLine {
  /// Metrics that go with the task's progress to whoever watches the job.
  static let shown: Set<String> = ["reward/mean", "kl", "loss", "validation/accuracy", "validation/iou"]

  /// What a line says, in its order: metric, words before it, decimals, words behind it.
  private static let items: [(metric: String, words: String, places: Int, unit: String)] = [
    ("reward/mean", "reward", 3, ""), ("reward/std", "±", 3, ""), ("loss", "loss", 4, ""),
    ("kl", "kl", 4, ""),
    ("answers/right", "right", 2, ""), ("answers/iou", "iou", 3, ""),
    ("groups/zero_variance", "flat groups", 2, ""), ("gradient_norm", "gradient", 3, ""),
    ("validation/accuracy", "held-out accuracy", 3, ""), ("validation/iou", "held-out iou", 3, ""),
    ("seconds/rollout", "rollout", 2, " s"), ("seconds/learn", "learn", 2, " s"),
  ]

  static func text(step: Int, of steps: Int, _ metrics: [String: Double]) -> String {
    let parts = items.compactMap { item in
      metrics[item.metric].map { "\(item.words) \(fixed($0, places: item.places))\(item.unit)" }
    }
    return (["step \(step)/\(steps)"] + parts).joined(separator: " ")
  }

  /// A number with `places` decimals.
  private static func fixed(_ value: Double, places: Int) -> String {
    guard value.isFinite, abs(value) < 1e12 else { return "\(value)" }
    var scale = 1
    for _ in 0..<places { scale *= 10 }
    let scaled = Int((abs(value) * Double(scale)).rounded())
    let digits = String(scaled % scale)
    let decimals = String(repeating: "0", count: places - digits.count) + digits
    return "\(value < 0 && scaled > 0 ? "-" : "")\(scaled / scale).\(decimals)"
  }
}
