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
    /// Falls linearly from the peak to the floor at the end of the run, as the paper's code does.
    case linear
    /// Half a cosine from the peak to the floor.
    case cosine
  }

  public var shape: Shape
  /// The highest rate.
  public var peak: Double
  /// Steps over which the rate first rises linearly from zero.
  public var warmupSteps: Int
  /// The length of the run.
  public var totalSteps: Int
  /// What is left of the peak at the end of a falling schedule, as a share of it.
  public var floor: Double

  public init(shape: Shape, peak: Double, warmupSteps: Int = 0, totalSteps: Int, floor: Double = 0) {
    self.shape = shape
    self.peak = peak
    self.warmupSteps = warmupSteps
    self.totalSteps = totalSteps
    self.floor = floor
  }

  /// Refuses rates and lengths that make no schedule.
  public func validate() throws {
    guard peak.isFinite, peak >= 0 else {
      throw TrainingError("the learning rate is \(peak); it has to be 0 or positive")
    }
    guard (0...1).contains(floor) else {
      throw TrainingError("the learning rate's floor is \(floor) of the peak; it has to lie in 0 ... 1")
    }
    guard totalSteps >= 1, warmupSteps >= 0, warmupSteps <= totalSteps else {
      throw TrainingError(
        "a schedule of \(totalSteps) steps with \(warmupSteps) steps of warm-up is impossible; the warm-up has "
          + "to fit into a run of at least one step")
    }
  }

  /// The rate of step `step`, counted from 0; the first step of a warm-up already learns. After the end of
  /// the run the last rate stays.
  public func rate(step: Int) -> Double {
    if step < warmupSteps { return peak * Double(step + 1) / Double(warmupSteps + 1) }
    let remaining = max(1, totalSteps - warmupSteps)
    let progress = min(1, Double(step - warmupSteps) / Double(remaining))
    let share =
      switch shape {
      case .constant: 1.0
      case .linear: 1 - progress
      case .cosine: 0.5 * (1 + cos(.pi * progress))
      }
    return shape == .constant ? peak : peak * (floor + (1 - floor) * share)
  }
}
