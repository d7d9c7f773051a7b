/// The paper's reward (section 3.3, equation 7): one of the tiers 0, 0.05, 0.1, 0.8 and 1 by how reasoning, answer and
/// truth go together; see ``ROAMCell``.
///
/// The reply must contain `<think>…</think>`, white space, `<answer>…</answer>`. The last answer counts, and the
/// last reasoning in front of it: what is reasoned behind an answer derives nothing. Both letters are read by
/// ``ConclusionReader``.
public struct ROAMReward: Reward {
  public var name: String { "roam" }
  public var highest: Double { 1 }

  public init() {}

  public func score(reply: String, target: RewardTarget) throws(RewardError) -> RewardOutcome {
    guard case .choice(let target) = target else {
      throw .wrongTarget(name, needs: "options and an answer")
    }
    let parsed = ReasonedReply(reply)
    guard parsed.isFormatted else {
      return RewardOutcome(parts: [RewardPart("roam", 0)], cell: .unformatted)
    }
    let conclusion = parsed.think.flatMap(target.conclusions.conclusion(of:))
    let letter = parsed.answer.flatMap { target.conclusions.answerLetter(in: $0) }
    let cell = ROAMCell(conclusion: conclusion, letter: letter, truth: target.answer)
    return RewardOutcome(
      parts: [RewardPart("roam", cell.value)], conclusion: conclusion, letter: letter, cell: cell)
  }
}
