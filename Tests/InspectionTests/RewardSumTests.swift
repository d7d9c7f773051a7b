import Inspection
import Testing

@Suite("Sums and statistics of replies")
struct RewardSumTests {
  private func target() throws -> RewardTarget {
    .choice(try ChoiceTarget(options: AnswerOption.lettered(["Yes.", "No."]), answer: "B"))
  }

  @Test("a weighted sum adds its summands' parts times their weights and knows its highest value")
  func sum() throws {
    let reward = try WeightedReward([(1, ROAMReward()), (0.2, FormatReward())])
    let outcome = try reward.score(reply: "<think>option B fits</think><answer>B</answer>", target: target())
    #expect(outcome.parts == [RewardPart("roam", 1), RewardPart("format", 0.2)])
    #expect(abs(outcome.reward - 1.2) < 1e-12 && abs(reward.highest - 1.2) < 1e-12)
    #expect(outcome.letter == "B" && outcome.conclusion == "B" && outcome.cell == .derived)
    #expect(throws: RewardError.self) { try WeightedReward([]) }
    #expect(throws: RewardError.self) { try WeightedReward([(-1, ROAMReward())]) }
  }

  @Test("replies are counted alike whatever they were drawn under")
  func statistics() throws {
    var statistics = ReplyStatistics()
    for reply in [
      "<think>option B fits</think><answer>B</answer>", "<think>option A fits</think><answer>B</answer>",
      "<think>hard</think><answer>A</answer>", "B",
    ] {
      try statistics.add(reply, target: target())
    }
    let values = statistics.values
    #expect(values["answers/right"] == 0.5 && values["answers/agree"] == 0.25)
    #expect(values["answers/unreadable"] == 0.25 && values["answers/unconcluded"] == 0.5)
    let cells = ROAMCell.allCases.compactMap { values["cells/\($0.rawValue)"] }
    #expect(cells.count == ROAMCell.allCases.count && cells.reduce(0, +) == 1)
  }

  @Test("replies with boxes are counted by their overlap")
  func overlaps() throws {
    var statistics = ReplyStatistics()
    let box = RewardTarget.box(try BoxTarget(boxes: [PixelBox(x1: 0, y1: 0, x2: 10, y2: 10)]))
    for answer in ["[0, 0, 10, 10]", "[5, 0, 15, 10]", "nowhere"] {
      try statistics.add("<think>x</think><answer>\(answer)</answer>", target: box)
    }
    let mean = try #require(statistics.values["answers/iou"])
    let share = try #require(statistics.values["answers/iou_over_half"])
    let expected = 4.0 / 9
    #expect(abs(mean - expected) < 1e-12)
    #expect(abs(share - 1.0 / 3) < 1e-12)
  }
}
