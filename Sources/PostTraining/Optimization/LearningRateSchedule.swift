#if canImport(Glibc)
  internal import Glibc
#else
  internal import Musl
#endif

/// The learning rate of each step.
public struct LearningRateSchedule: Sendable, Codable, Equatable {
  public enum Shape: String, Sendable, Codable, CaseIterable {
    /// The peak rate throughout.
    case constant
    /// Falls linearly from the peak to zero at the end of the run, as the paper's code does.
    case linear
    /// Half a cosine from the peak to zero.
    case cosine
  }

  public var shape: Shape
  /// The highest rate.
  public var peak: Double
  /// Steps over which the rate first rises linearly from zero.
  public var warmupSteps: Int
  /// The length of the run.
  public var totalSteps: Int

  public init(shape: Shape, peak: Double, warmupSteps: Int, totalSteps: Int) {
    self.shape = shape
    self.peak = peak
    self.warmupSteps = warmupSteps
    self.totalSteps = totalSteps
  }

  /// The rate of step `step`, counted from 0.
  public func rate(step: Int) -> Double {
    if step < warmupSteps { return peak * Double(step + 1) / Double(warmupSteps + 1) }
    let remaining = max(1, totalSteps - warmupSteps)
    let progress = min(1, Double(step - warmupSteps) / Double(remaining))
    switch shape {
    case .constant: return peak
    case .linear: return peak * (1 - progress)
    case .cosine: return peak * 0.5 * (1 + cos(.pi * progress))
    }
  }
}
