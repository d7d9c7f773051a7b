import Randomness

/// The order in which a run meets its prompts: a pure function of (seed, ordinal), so there is no loader
/// state to lose.
///
/// Every pass over the data is one permutation, drawn from the seed and the number of the pass. Where prompts
/// have strata, such as the right answer, every stretch of the stream holds about as many of each as the whole:
/// a step with six prompts of one answer and two of the other would mostly teach to give the first, whatever
/// the picture shows, and on a small batch that drowns what the step could have taught about pictures.
public struct PromptStream: Sendable, Equatable {
  /// The number of prompts in one pass.
  public let count: Int
  public let seed: UInt64
  /// The prompts of each stratum.
  private let strata: [[Int]]

  /// A stream without strata.
  ///
  /// - Parameter count: at least 1.
  public init(count: Int, seed: UInt64) {
    self.init(strata: [Int](repeating: 0, count: count), seed: seed)
  }

  /// A stream over prompts of which each belongs to a stratum.
  ///
  /// - Parameter strata: of each prompt in order; at least one prompt.
  public init(strata: [some Hashable], seed: UInt64) {
    precondition(!strata.isEmpty, "a prompt stream needs at least one prompt")
    var members: [[Int]] = []
    var known: [AnyHashable: Int] = [:]
    for (index, stratum) in strata.enumerated() {
      if let place = known[stratum] {
        members[place].append(index)
      } else {
        known[stratum] = members.count
        members.append([index])
      }
    }
    self.strata = members
    self.seed = seed
    count = strata.count
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

  /// Each stratum shuffled and spread evenly over the pass; equal places go by lot.
  private func permutation(pass: Int) -> [Int] {
    // Of states a step of the generator apart one gives the other's numbers a place later, so a seed is mixed first: runs
    // with the seeds 1 and 2 are independent.
    var lots = SplitMix64(seed: SplitMix64.mixed(seed) ^ UInt64(pass) &* 0xD1B5_4A32_D192_ED03)
    var placed: [(place: Double, lot: UInt64, index: Int)] = []
    placed.reserveCapacity(count)
    for members in strata {
      for (rank, index) in Self.shuffled(members, &lots).enumerated() {
        placed.append(((Double(rank) + 0.5) / Double(members.count), 0, index))
      }
    }
    if strata.count > 1 {
      for index in placed.indices { placed[index].lot = lots.next() }
      placed.sort { ($0.place, $0.lot, $0.index) < ($1.place, $1.lot, $1.index) }
    }
    return placed.map(\.index)
  }

  /// Fisher and Yates, written out: a run that is resumed by a later build meets the same prompts.
  private static func shuffled(_ indices: [Int], _ lots: inout SplitMix64) -> [Int] {
    var order = indices
    for last in stride(from: order.count - 1, to: 0, by: -1) { order.swapAt(last, lots.below(last + 1)) }
    return order
  }
}
