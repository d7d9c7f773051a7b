/// What replies are like, whatever reward they were drawn under: comparable between trainings with different rewards.
///
/// Replies to questions with options: `answers/right`, `answers/agree` (the reasoning concludes on the answer),
/// `answers/unreadable` (no letter), `answers/unconcluded` (reasoning without a conclusion), and the share of each
/// cell of ROAM's table as `cells/…`. Replies with boxes: `answers/iou`, its mean, and `answers/iou_over_half`.
/// All are shares or means over the replies of their kind.
public struct ReplyStatistics: Sendable {
  private var choices = 0
  private var boxes = 0
  private var sums: [String: Double] = [:]

  public init() {}

  /// - Throws: ``RewardError`` when the target is of a kind it cannot judge.
  public mutating func add(_ reply: String, target: RewardTarget) throws(RewardError) {
    switch target {
    case .choice(let choice):
      let outcome = try ROAMReward().score(reply: reply, target: target)
      choices += 1
      count("answers/right", outcome.letter == choice.answer)
      count("answers/agree", outcome.letter != nil && outcome.letter == outcome.conclusion)
      count("answers/unreadable", outcome.letter == nil)
      count("answers/unconcluded", outcome.conclusion == nil)
      for cell in ROAMCell.allCases { count("cells/" + cell.rawValue, outcome.cell == cell) }
    case .box:
      let overlap = try IoUReward().score(reply: reply, target: target).reward
      boxes += 1
      sums["answers/iou", default: 0] += overlap
      count("answers/iou_over_half", overlap > 0.5)
    }
  }

  private mutating func count(_ name: String, _ holds: Bool) { sums[name, default: 0] += holds ? 1 : 0 }

  public var values: [String: Double] {
    Dictionary(
      uniqueKeysWithValues: sums.map { name, sum in
        (name, sum / Double(max(1, name.hasPrefix("answers/iou") ? boxes : choices)))
      })
  }
}
