import Inspection
import JobModel
import OrderedJSON

/// Two rewards over the same answers.
struct RewardComparison {
  private(set) var groups = 0
  private var answers = 0
  private var drawnSum = 0.0
  private var otherSum = 0.0
  private var drawnFlat = 0
  private var otherFlat = 0
  /// Pairs of answers of one group that both rewards tell apart, and those they order alike.
  private var pairs = 0
  private var alike = 0

  /// - Throws: `RewardError` when the data set no longer has the group's question or it has no answer.
  mutating func add(_ group: RolloutGroup, _ stored: StoredGroups, _ reward: any Reward) throws {
    let target = try stored.target(of: group)
    let drawn = group.completions.map(\.reward)
    let other = try group.completions.map { try reward.score(reply: stored.reply($0), target: target).reward }
    groups += 1
    answers += drawn.count
    drawnSum += drawn.reduce(0, +)
    otherSum += other.reduce(0, +)
    if Set(drawn).count <= 1 { drawnFlat += 1 }
    if Set(other).count <= 1 { otherFlat += 1 }
    for a in drawn.indices {
      for b in drawn.indices where b > a && drawn[a] != drawn[b] && other[a] != other[b] {
        pairs += 1
        if (drawn[a] < drawn[b]) == (other[a] < other[b]) { alike += 1 }
      }
    }
  }

  private var sameOrder: Double? { pairs > 0 ? Double(alike) / Double(pairs) : nil }

  func table(drawn: String, other: String) -> Table {
    var table = Table([.left("\(groups) groups, \(answers) answers"), .right(drawn), .right(other)])
    func row(_ name: String, _ a: String, _ b: String) {
      table.add([Table.Cell(name), Table.Cell(a), Table.Cell(b)])
    }
    row(
      "mean reward", Format.fixed(drawnSum / Double(answers), 4), Format.fixed(otherSum / Double(answers), 4))
    row(
      "groups without a difference", Format.percent(Double(drawnFlat) / Double(groups)),
      Format.percent(Double(otherFlat) / Double(groups)))
    row("pairs in the same order", "", sameOrder.map { Format.percent($0) } ?? "–")
    return table
  }

  func json(drawn: String, other: String) -> JSON {
    func one(_ name: String, _ sum: Double, _ flat: Int) -> JSON {
      [
        "reward": .string(name), "mean": .number(sum / Double(answers)),
        "flat_groups": .number(Double(flat) / Double(groups)),
      ]
    }
    return [
      "groups": .integer(groups), "answers": .integer(answers),
      "drawn_under": one(drawn, drawnSum, drawnFlat),
      "rescored": one(other, otherSum, otherFlat), "same_order": sameOrder.map { .number($0) } ?? .null,
    ]
  }
}
