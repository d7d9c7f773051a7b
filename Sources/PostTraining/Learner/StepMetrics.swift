/// What one optimizer step measured, under the names under which it is logged.
public struct StepMetrics: Sendable, Equatable {
  /// Name to value; names are `part/quantity`. A replay of the same groups from the same state gives the
  /// same values.
  public internal(set) var values: [String: Double] = [:]
  /// Seconds by phase: `reference`, `forward`, `backward`, `optimizer`.
  public internal(set) var seconds: [String: Double] = [:]

  public init() {}

  public internal(set) subscript(name: String) -> Double? {
    get { values[name] }
    set { values[name] = newValue }
  }

  mutating func recordRewards(_ rewards: [Double], groups: [GroupAdvantages], best: Double) {
    let count = Double(max(1, rewards.count))
    let mean = rewards.reduce(0, +) / count
    values["reward/mean"] = mean
    values["reward/std"] = (rewards.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count).squareRoot()
    let flat = groups.filter(\.hasNoVariance)
    let share = 1 / Double(max(1, groups.count))
    values["groups/zero_variance"] = Double(flat.count) * share
    // Weighted rewards add up to their highest only up to rounding.
    values["groups/all_right"] = Double(flat.count { $0.mean >= best - 1e-9 }) * share
    values["groups/all_wrong"] = Double(flat.count { $0.mean <= 0 }) * share
  }

  /// - Parameter truncated: answers that ended at the limit and not by themselves.
  mutating func recordLengths(_ lengths: [Int], truncated: Int) {
    let count = Double(max(1, lengths.count))
    values["completion/length_mean"] = Double(lengths.reduce(0, +)) / count
    values["completion/length_max"] = Double(lengths.max() ?? 0)
    values["completion/truncated"] = Double(truncated) / count
    values["tokens"] = Double(lengths.reduce(0, +))
  }

  mutating func record(_ metrics: GRPOObjective.Metrics) {
    values["kl"] = Double(metrics.meanDivergence)
    values["ratio/mean"] = Double(metrics.meanRatio)
    values["ratio/min"] = Double(metrics.ratios.min() ?? 1)
    values["ratio/max"] = Double(metrics.ratios.max() ?? 1)
    values["ratio/clipped"] = Double(metrics.clipShare)
    values["mismatch/weight_mean"] = Double(metrics.meanWeight)
    values["mismatch/limited"] = Double(metrics.limitedShare)
  }
}
