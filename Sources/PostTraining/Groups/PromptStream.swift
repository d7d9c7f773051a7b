/// The order in which a run meets its prompts: a pure function of (seed, ordinal), so there is no loader state to lose.
///
/// Every pass over the data is one permutation, drawn from the seed and the number of the pass.
public struct PromptStream: Sendable {
  /// The number of prompts in one pass.
  public let count: Int
  public let seed: UInt64

  /// - Parameter count: at least 1.
  public init(count: Int, seed: UInt64) {
    precondition(count > 0, "a prompt stream needs at least one prompt")
    self.count = count
    self.seed = seed
  }

  /// The indices of the prompts at `ordinals`.
  public func indices(of ordinals: Range<Int>) -> [Int] {
    var result: [Int] = []
    var pass = -1
    var order: [Int] = []
    for ordinal in ordinals {
      if ordinal / count != pass {
        pass = ordinal / count
        order = permutation(pass: pass)
      }
      result.append(order[ordinal % count])
    }
    return result
  }

  private func permutation(pass: Int) -> [Int] {
    var generator = SplitMix(seed: seed &* 0x9E37_79B9_7F4A_7C15 ^ UInt64(pass) &* 0xD1B5_4A32_D192_ED03)
    return Array(0..<count).shuffled(using: &generator)
  }
}

/// SplitMix64: small, seeded, the same on every machine.
public struct SplitMix: RandomNumberGenerator, Sendable {
  private var state: UInt64

  public init(seed: UInt64) { state = seed }

  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
