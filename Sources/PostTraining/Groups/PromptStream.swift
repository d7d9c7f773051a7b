/// The order in which a run meets its prompts: a pure function of (seed, ordinal), so there is no loader
/// state to lose.
///
/// Every pass over the data is one permutation, drawn from the seed and the number of the pass.
public struct PromptStream: Sendable, Equatable {
  /// The number of prompts in one pass.
  public let count: Int
  public let seed: UInt64

  /// - Parameter count: at least 1.
  public init(count: Int, seed: UInt64) {
    precondition(count > 0, "a prompt stream needs at least one prompt")
    self.count = count
    self.seed = seed
  }

  /// The indices of the prompts at `ordinals`, which count from 0.
  public func indices(of ordinals: Range<Int>) -> [Int] {
    precondition(ordinals.lowerBound >= 0, "ordinals of a prompt stream count from 0")
    var result: [Int] = []
    result.reserveCapacity(ordinals.count)
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

  /// Fisher and Yates, written out: a run that is resumed by a later build meets the same prompts.
  private func permutation(pass: Int) -> [Int] {
    var generator = SplitMix(seed: seed &* 0x9E37_79B9_7F4A_7C15 ^ UInt64(pass) &* 0xD1B5_4A32_D192_ED03)
    var order = Array(0..<count)
    for last in stride(from: count - 1, to: 0, by: -1) { order.swapAt(last, generator.below(last + 1)) }
    return order
  }
}
