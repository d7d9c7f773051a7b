import Randomness

/// The random numbers of one completion: a pure function of its key and the step.
///
/// Nothing is carried from step to step, so a completion draws the same numbers whichever other sequences
/// are decoded beside it.
public struct SampleStream: Sendable {
  private let key: UInt64

  public init(key: UInt64) {
    self.key = key
  }

  /// The key of the completion with this index of the prompt with this index under a run's seed.
  public static func key(seed: UInt64, prompt: Int, completion: Int) -> UInt64 {
    let ofPrompt = mixed(mixed(seed) ^ UInt64(truncatingIfNeeded: prompt) &* 0xD6E8_FEB8_6659_FD93)
    return mixed(ofPrompt ^ UInt64(truncatingIfNeeded: completion) &* 0xA076_1D64_78BD_642F)
  }

  /// A number in [0, 1) with 53 random bits.
  public func uniform(at step: Int) -> Double {
    let bits = Self.mixed(key &+ UInt64(truncatingIfNeeded: step) &* 0x9E37_79B9_7F4A_7C15)
    return Double(bits >> 11) * 0x1p-53
  }

  private static func mixed(_ value: UInt64) -> UInt64 {
    var sequence = SplitMix64(seed: value)
    return sequence.next()
  }
}
