/// "Classical GRPO" of the paper's Table 5: 1 for the right letter, and the format reward beside it.
///
/// Parts: `choice` is 1 when a reply with `<think>…</think>` white space `<answer>…</answer>` answers with the
/// right letter, whatever it reasons; `format` is ``FormatReward``. Their sum is 0, 1 or 2.
public struct ClassicalReward: Reward {
  public var name: String { "classical" }
  public var highest: Double { 2 }

  public init() {}

  public func score(reply: String, target: RewardTarget) throws(RewardError) -> RewardOutcome {
    guard case .choice(let target) = target else {
      throw .wrongTarget(name, needs: "options and an answer")
    }
    let format = RewardPart("format", FormatReward.value(of: reply))
    let parsed = ReasonedReply(reply)
    guard parsed.isFormatted else { return RewardOutcome(parts: [RewardPart("choice", 0), format]) }
    let letter = parsed.answer.flatMap { target.conclusions.answerLetter(in: $0) }
    return RewardOutcome(
      parts: [RewardPart("choice", letter == target.answer ? 1 : 0), format],
      conclusion: parsed.think.flatMap(target.conclusions.conclusion(of:)), letter: letter)
  }
}
