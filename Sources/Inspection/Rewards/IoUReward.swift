/// The intersection over union of the first box in the answer with the true one, both in original pixels.
///
/// The answer is the last `<answer>…</answer>`; its box is the first `[x1, y1, x2, y2]` there, multiplied by
/// the target's scale. No answer, no box or a box without area earn 0.
public struct IoUReward: Reward {
  public var name: String { "iou" }
  public var highest: Double { 1 }

  public init() {}

  public func score(reply: String, target: RewardTarget) throws(RewardError) -> RewardOutcome {
    guard case .box(let target) = target else {
      throw .wrongTarget(name, needs: "a box [x1, y1, x2, y2] and a scale")
    }
    var value = 0.0
    if let answer = ReasonedReply(reply).answer, let box = PixelBox(firstIn: answer) {
      value = box.scaled(x: target.scaleX, y: target.scaleY).intersectionOverUnion(with: target.box)
    }
    return RewardOutcome(parts: [RewardPart("iou", value)])
  }
}
