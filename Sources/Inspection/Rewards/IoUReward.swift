/// The intersection over union of the answer's boxes with the true ones, in original pixels (paper, section 3.1).
///
/// The answer is the last `<answer>…</answer>`; its boxes are the `[x1, y1, x2, y2]` there, multiplied by
/// the target's scale. Where one box is true the first counts. Where several are, each true one is matched with at
/// most one of the answer, those that overlap most first, and the overlaps are divided by the larger number of boxes:
/// neither naming the plainest defect alone nor naming boxes everywhere pays. No answer, no box or boxes without area
/// earn 0.
public struct IoUReward: Reward {
  public var name: String { "iou" }
  public var highest: Double { 1 }

  public init() {}

  public func score(reply: String, target: RewardTarget) throws(RewardError) -> RewardOutcome {
    guard case .box(let target) = target else {
      throw .wrongTarget(name, needs: "boxes [x1, y1, x2, y2] and a scale")
    }
    var value = 0.0
    if let answer = ReasonedReply(reply).answer {
      let named = PixelBox.all(in: answer, atMost: target.boxes.count == 1 ? 1 : .max)
      value = Self.overlap(
        of: named.map { $0.scaled(x: target.scaleX, y: target.scaleY) }, with: target.boxes)
    }
    return RewardOutcome(parts: [RewardPart("iou", value)])
  }

  /// The sum of the matched pairs' overlaps over the larger number of boxes.
  private static func overlap(of named: [PixelBox], with truth: [PixelBox]) -> Double {
    guard !named.isEmpty else { return 0 }
    // Of an answer of nothing but boxes the first are enough to know that it earns next to nothing.
    var pairs: [(overlap: Double, named: Int, truth: Int)] = []
    for (index, box) in named.prefix(truth.count + mostSpare).enumerated() {
      for (place, other) in truth.enumerated() {
        let overlap = box.intersectionOverUnion(with: other)
        if overlap > 0 { pairs.append((overlap, index, place)) }
      }
    }
    pairs.sort { ($1.overlap, $0.truth, $0.named) < ($0.overlap, $1.truth, $1.named) }
    var (usedNamed, usedTruth) = (Set<Int>(), Set<Int>())
    var sum = 0.0
    for pair in pairs where !usedNamed.contains(pair.named) && !usedTruth.contains(pair.truth) {
      usedNamed.insert(pair.named)
      usedTruth.insert(pair.truth)
      sum += pair.overlap
    }
    return sum / Double(max(named.count, truth.count))
  }

  private static let mostSpare = 256
}
