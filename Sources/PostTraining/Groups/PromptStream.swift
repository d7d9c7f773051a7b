/// The order in which a run meets its prompts: a pure function of (seed, ordinal), so there is no loader
/// state to lose.
///
/// Every pass over the data is one permutation, drawn from the seed and the number of the pass. Prompts may be
/// given strata (their right answers, say): then every stretch of a pass holds each stratum in its share. A step of
/// few prompts that happens to have one right answer only teaches to give that answer whatever the picture, and a
/// policy that has learnt that no longer explores.
public struct PromptStream: Sendable, Equatable {
  /// The number of prompts in one pass.
  public let count: Int
  public let seed: UInt64
  /// The prompts of each stratum, in the order of the data.
  private let strata: [[Int]]

  /// A stream without strata.
  /// - Parameter count: at least 1.
  public init(count: Int, seed: UInt64) {
    self.init(strata: [Int](repeating: 0, count: count), seed: seed)
  }

  /// - Parameter strata: the stratum of every prompt; at least one prompt.
  public init(strata labels: [Int], seed: UInt64) {
    precondition(!labels.isEmpty, "a prompt stream needs at least one prompt")
    count = labels.count
    self.seed = seed
    let members = Dictionary(grouping: labels.indices, by: { labels[$0] })
    strata = members.keys.sorted().compactMap { members[$0] }
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

  /// Each stratum shuffled, its members spread evenly over the pass.
  private func permutation(pass: Int) -> [Int] {
    var generator = SplitMix(seed: seed &* 0x9E37_79B9_7F4A_7C15 ^ UInt64(pass) &* 0xD1B5_4A32_D192_ED03)
    var placed: [(place: Double, stratum: Int, prompt: Int)] = []
    placed.reserveCapacity(count)
    for (number, stratum) in strata.enumerated() {
      for (rank, prompt) in shuffled(stratum, &generator).enumerated() {
        placed.append(((Double(rank) + 0.5) / Double(stratum.count), number, prompt))
      }
    }
    return placed.sorted { ($0.place, $0.stratum) < ($1.place, $1.stratum) }.map(\.prompt)
  }

  /// Fisher and Yates, written out: a run that is resumed by a later build meets the same prompts.
  private func shuffled(_ prompts: [Int], _ generator: inout SplitMix) -> [Int] {
    var order = prompts
    for last in stride(from: order.count - 1, to: 0, by: -1) { order.swapAt(last, generator.below(last + 1)) }
    return order
  }
}
