/// A weighted sum of rewards: Σ w · r. Its parts are those of the summands, times their weights.
public struct WeightedReward: Reward {
  private let terms: [(weight: Double, reward: any Reward)]

  /// - Throws: ``RewardError`` when nothing is summed or a weight is not positive.
  public init(_ terms: [(weight: Double, reward: any Reward)]) throws(RewardError) {
    guard !terms.isEmpty else { throw RewardError(message: "a sum of rewards needs at least one") }
    if let term = terms.first(where: { !($0.weight > 0 && $0.weight.isFinite) }) {
      throw RewardError(message: "the weight of \(term.reward.name) is \(term.weight); it has to be positive")
    }
    self.terms = terms
  }

  public var name: String { terms.map { "\($0.weight) * \($0.reward.name)" }.joined(separator: " + ") }
  public var highest: Double { terms.reduce(0) { $0 + $1.weight * $1.reward.highest } }

  public func score(reply: String, target: RewardTarget) throws(RewardError) -> RewardOutcome {
    var parts: [RewardPart] = []
    var first: RewardOutcome?
    for term in terms {
      let outcome = try term.reward.score(reply: reply, target: target)
      parts += outcome.parts.map { RewardPart($0.name, $0.value * term.weight) }
      // The summand that read letters says what they are.
      if first?.letter == nil, first?.cell == nil { first = outcome }
    }
    return RewardOutcome(
      parts: parts, conclusion: first?.conclusion, letter: first?.letter, cell: first?.cell)
  }
}
