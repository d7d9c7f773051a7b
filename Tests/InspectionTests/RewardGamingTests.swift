import Inspection
import Testing

/// What a policy could learn instead of inspecting: replies of a form that would be paid without an answer.
@Suite("Rewards that cannot be gamed")
struct RewardGamingTests {
  private static let kinds = AnswerOption.lettered(.kinds)

  private func score(_ reply: String, _ reward: any Reward = ROAMReward()) throws -> RewardOutcome {
    try reward.score(
      reply: reply, target: .choice(try ChoiceTarget(options: Self.kinds, answer: "B")))
  }

  @Test(
    "several options are no answer, whatever stands between them",
    arguments: [
      "A B", "A, B", "A. B.", "A\nB", "A; B", "A & B", "A + B", "A/B", "A or B", "A and B", "D C A B",
      "A, B, C, D", "ABCD", "A (or maybe B)", "A scratch, a dent", "scratch dent", "A. Scratch. B. Dent.",
      "A. Scratch.\nB. Dent.\nC. Hole.\nD. Contamination.", "B, or else C", "dent dent hole",
    ])
  func hedgedAnswers(_ answer: String) throws {
    for name in ["roam", "classical"] {
      let outcome = try score(
        "<think>It is a dent.</think> <answer>\(answer)</answer>", RewardCatalogue.named(name))
      #expect(outcome.letter == nil && outcome.parts[0].value == 0, "\(name)")
    }
  }

  @Test(
    "one option is an answer, be it said twice, explained, or with others denied",
    arguments: [
      "B", "b", "(B)", "**B**", "B. Dent.", "B B", "B. Dent, no scratch", "B, not A", "Not A. B.",
      "B. Dent near the hole", "A dent", "The dent is deep: a dent.", "B rather than C", "Dent (B)",
      "B because A and C are wrong", "\\boxed{B}", "\u{200B}B", "B\u{FEFF}", "Ｂ", "（B）",
    ])
  func plainAnswers(_ answer: String) throws {
    #expect(try score("<think>It is a dent.</think> <answer>\(answer)</answer>").cell == .derived)
  }

  @Test(
    "tags count as they are read: the last answer, and the last reasoning in front of it",
    arguments: [
      ("<think>x</think><answer>B</answer><think>The answer is B.</think>", 0.8),
      ("<think>It is C.</think><answer>B</answer><think>So it is B.</think>", 0),
      ("<think>C</think><answer><think>B</think>B</answer>", 0),
      ("<think>It is B. <answer>B</answer></think>", 0),
      ("<think>It is B. <answer>B</answer></think> <answer>C</answer>", 0),
      ("<think>It is B.</think> <answer>B", 0),
      ("<think>It is B.</think> so <answer>B</answer>", 0),
      ("<answer>B</answer> <think>It is B.</think>", 0),
      ("<THINK>It is B.</THINK> <ANSWER>B</ANSWER>", 0),
      ("<think>It is B.</think> <answer>A</answer> <answer>C</answer>", 0),
      ("<think>It is C.</think> <answer>C</answer> <think>No, it is B.</think> <answer>B</answer>", 1),
      ("<think>It is B.</think> <answer>B</answer> <think>It is C.</think> <answer>C</answer>", 0.1),
      ("<think><think>It is C.</think> No, B.</think> <answer>B</answer>", 1),
    ])
  func tags(_ reply: String, _ reward: Double) throws {
    #expect(try score(reply).reward == reward)
  }

  @Test(
    "reasoning that names every option, or none, is not paid as one that concludes",
    arguments: [
      ("", 0.8), (" \n ", 0.8), ("…", 0.8), ("A B C D", 0), ("A. B. C. D.", 0),
      ("It may be A, B, C or D.", 0.8),
      ("A. Scratch\nB. Dent\nC. Hole\nD. Contamination", 0.8), ("Is it B? Is it C?", 0.8),
      ("It is B or C.", 0.8), ("It is B. It is not B.", 0.8), ("It is n\u{200B}ot B.", 0.8),
      ("It is n\u{AD}ot B.", 0.8), ("It is no\u{2060}t B.", 0.8), ("It is ｎｏｔ B.", 0.8),
      ("It is B. It is C.", 0),
    ])
  func emptyReasoning(_ think: String, _ reward: Double) throws {
    #expect(try score("<think>\(think)</think><answer>B</answer>").reward == reward)
  }

  @Test(
    "letters that only look like an option's are none",
    arguments: ["В", "Β", "ᗷ", "𝐁", "𝙱", "ⓑ", "8", "ß"])
  func lookAlikes(_ answer: String) throws {
    for reward in [ROAMReward(), ClassicalReward()] as [any Reward] {
      let outcome = try score("<think>It is a dent.</think><answer>\(answer)</answer>", reward)
      #expect(outcome.letter == nil && outcome.parts[0].value == 0)
    }
  }

  @Test("no reward exceeds its highest, whatever the reply, and enormous replies are read in one pass")
  func enormous() throws {
    let pieces = [
      "<think>", "</think>", "<answer>", "</answer>", "B ", "A, ", "not ", "no defect and ", "if it is B ",
      "(", "A. Scratch. ", "\u{200B}", "[0, 0, 1e9, 1e9] ",
    ]
    let box = RewardTarget.box(try BoxTarget(boxes: [PixelBox(x1: 1, y1: 1, x2: 3, y2: 3)]))
    for piece in pieces {
      let long = String(repeating: piece, count: 5000)
      for reply in [
        long, "<think>\(long)</think><answer>\(long)</answer>", "<think>B\(long)x</think> <answer>B</answer>",
      ] {
        for reward in RewardCatalogue.all {
          let outcome =
            reward.name == IoUReward().name
            ? try reward.score(reply: reply, target: box) : try score(reply, reward)
          #expect((0...reward.highest).contains(outcome.reward), "\(reward.name), \(piece)")
        }
      }
    }
    // Every letter of this is scored by its last place, which lies far before the end.
    let far = String(repeating: "B ", count: 50_000) + String(repeating: "x", count: 1_000_000)
    let outcome = try score("<think>\(far)</think><answer>B</answer>", ReleasedROAMReward())
    #expect(outcome.conclusion == "B")
  }
}
