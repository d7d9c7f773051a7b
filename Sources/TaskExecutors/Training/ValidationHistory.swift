package import JobModel

/// What the measurements on held-out questions say about a run so far: which version to keep, and whether to go on.
package struct ValidationHistory {
  package let metric: ValidationMetricName
  private let patience: Int?
  /// The best measurement; of equal ones the first.
  package private(set) var best: (step: Int, value: Double)?
  private var withoutBetter = 0

  package init(metric: ValidationMetricName, patience: Int?) {
    self.metric = metric
    self.patience = patience
  }

  static func name(of metric: ValidationMetricName) -> String { "validation/\(metric.rawValue)" }

  /// Takes in what a step measured, if it did. Steps come in order.
  package mutating func add(_ metrics: [String: Double], step: Int) {
    guard let value = metrics[Self.name(of: metric)] else { return }
    if let best, value <= best.value {
      withoutBetter += 1
    } else {
      best = (step, value)
      withoutBetter = 0
    }
  }

  /// Whether `patience` measurements in a row were no better than the best.
  package var isOver: Bool { patience.map { withoutBetter >= $0 } ?? false }
}
