/// 1 when the whole reply is `<think>…</think>`, white space, `<answer>…</answer>` and nothing else.
public struct FormatReward: Reward {
  public var name: String { "format" }
  public var highest: Double { 1 }

  public init() {}

  public func score(reply: String, target: RewardTarget) throws(RewardError) -> RewardOutcome {
    RewardOutcome(parts: [RewardPart("format", FormatReward.value(of: reply))])
  }

  static func value(of reply: String) -> Double { ReasonedReply.isWhollyFormatted(reply) ? 1 : 0 }
}
