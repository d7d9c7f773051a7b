/// The reward of the paper's released training run: the ROAM cell plus the 0/1 choice reward, range 0 to 2,
/// both with the released letter extraction and its faults (see ``ReleasedChoice``).
///
/// A right answer behind wrong reasoning still earns 1 here, which the paper's text rules out; this preset
/// exists to repeat the published run, `roam` to train.
public struct ReleasedROAMReward: Reward {
  public var name: String { "roam-released" }
  public var highest: Double { 2 }

  public init() {}

  public func score(reply: String, target: RewardTarget) throws(RewardError) -> RewardOutcome {
    guard case .choice(let target) = target else {
      throw .wrongTarget(name, needs: "options and an answer")
    }
    guard ReasonedReply.isFormatted(reply) else {
      return RewardOutcome(parts: [RewardPart("roam", 0), RewardPart("choice", 0)], cell: .unformatted)
    }
    let tags = ReasonedReply.pairedTags(of: reply)
    let conclusion = tags.think.flatMap(ReleasedChoice.letter(in:))
    let letter = tags.answer.flatMap(ReleasedChoice.letter(in:))
    let cell = ROAMCell(conclusion: conclusion, letter: letter, truth: target.answer)
    return RewardOutcome(
      parts: [RewardPart("roam", cell.value), RewardPart("choice", letter == target.answer ? 1 : 0)],
      conclusion: conclusion, letter: letter, cell: cell)
  }
}
