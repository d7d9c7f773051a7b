import Inspection
import Testing

@Suite("Rewards")
struct RewardTests {
  private static let kinds = AnswerOption.lettered(["Scratch.", "Dent.", "Hole.", "Clean."])

  private func target(_ answer: String) throws -> RewardTarget {
    .choice(try ChoiceTarget(options: RewardTests.kinds, answer: answer))
  }

  struct Row: Sendable, CustomTestStringConvertible {
    let think, answer: String
    let roam, choice: Double
    let cell: ROAMCell
    var testDescription: String { "<think>\(think)</think><answer>\(answer)</answer>" }
  }

  @Test(
    "every cell of the table, for truth B",
    arguments: [
      Row(think: "hard to say", answer: "?", roam: 0, choice: 0, cell: .nothing),
      Row(think: "hard to say", answer: "B", roam: 0.8, choice: 1, cell: .rightAnswerAlone),
      Row(think: "hard to say", answer: "C", roam: 0.05, choice: 0, cell: .wrongAnswerAlone),
      Row(think: "option B fits", answer: "B", roam: 1, choice: 1, cell: .derived),
      Row(think: "option C fits", answer: "C", roam: 0.1, choice: 0, cell: .consistentlyWrong),
      Row(think: "option C fits", answer: "D", roam: 0, choice: 0, cell: .inconsistentlyWrong),
      Row(think: "option C fits", answer: "?", roam: 0, choice: 0, cell: .inconsistentlyWrong),
      Row(think: "option C fits", answer: "B", roam: 0, choice: 1, cell: .answerAgainstReasoning),
      Row(think: "option B fits", answer: "C", roam: 0, choice: 0, cell: .reasoningAgainstAnswer),
      Row(think: "option B fits", answer: "?", roam: 0, choice: 0, cell: .reasoningAgainstAnswer),
    ])
  func table(_ row: Row) throws {
    let reply = "<think>\(row.think)</think>\n<answer>\(row.answer)</answer>"
    let truth = try target("B")
    let paper = try ROAMReward().score(reply: reply, target: truth)
    #expect(paper.reward == row.roam)
    #expect(paper.cell == row.cell)
    let released = try ReleasedROAMReward().score(reply: reply, target: truth)
    #expect(released.reward == row.roam + row.choice)
    let classical = try ClassicalReward().score(reply: reply, target: truth)
    #expect(classical.parts == [RewardPart("choice", row.choice), RewardPart("format", 1)])
  }

  @Test(
    "a reply without think, white space and answer in this order earns nothing",
    arguments: [
      "B", "<answer>B</answer>", "<think>option B</think> so <answer>B</answer>", "<think>option B</think>",
      "<answer>B</answer><think>option B</think>", "<think>option B</think><answer>B", "",
      "<think>option B <answer>B</answer>",
    ])
  func unformatted(_ reply: String) throws {
    for name in ["roam", "roam-released", "classical"] {
      let outcome = try RewardCatalogue.named(name).score(reply: reply, target: try target("B"))
      #expect(outcome.reward == 0)
      #expect(outcome.letter == nil && outcome.conclusion == nil)
    }
  }

  @Test("the last of each tag counts")
  func lastTags() throws {
    let reply = "<think>option C</think><answer>C</answer><think>now option B</think> <answer>B</answer>"
    #expect(try ROAMReward().score(reply: reply, target: try target("B")).reward == 1)
    #expect(ReasonedReply(reply).think == "now option B")
    #expect(ReasonedReply("<answer>A</answer> and <answer>").answer == "A")
  }

  @Test(
    "wrong reasoning behind a right answer earns nothing from the paper's reward and 1 from the released one")
  func guesses() throws {
    let reply = "<think>It is clearly option C.</think><answer>B</answer>"
    #expect(try ROAMReward().score(reply: reply, target: try target("B")).reward == 0)
    #expect(try ReleasedROAMReward().score(reply: reply, target: try target("B")).reward == 1)
  }

  @Test("the article counts as choice A for the released extraction alone")
  func articleFault() throws {
    let reply = "<think>A dent is visible in the middle.</think><answer>B</answer>"
    #expect(try ROAMReward().score(reply: reply, target: try target("B")).conclusion == "B")
    #expect(try ReleasedROAMReward().score(reply: reply, target: try target("B")).conclusion == "A")
  }

  @Test("the format reward wants the whole reply in form")
  func format() throws {
    let truth = try target("A")
    for (reply, value) in [
      ("<think>x</think> <answer>A</answer>", 1.0), (" <think>x</think><answer>A</answer>", 0),
      ("<think>x</think><answer>A</answer>.", 0), ("<think></think><answer></answer>", 1),
      ("<think>x</think>y</think>\n<answer>A</answer></answer>", 1), ("<think></think><answer>", 0),
    ] {
      #expect(try FormatReward().score(reply: reply, target: truth).reward == value, "\(reply)")
    }
  }

  @Test("the box reward is the overlap of the first box in the answer, brought back to original pixels")
  func boxes() throws {
    let truth = RewardTarget.box(
      try BoxTarget(boxes: [PixelBox(x1: 20, y1: 20, x2: 40, y2: 60)], scaleX: 2, scaleY: 4))
    for (reply, value) in [
      ("<answer>[10, 5, 20, 15]</answer>", 1.0),
      ("<answer>{\"bbox_2d\": [[10.0,5.0,15,15]], \"x\": [0,0,1,1]}</answer>", 0.5),
      ("<answer>[0, 0, 5, 5]</answer>", 0), ("<answer>[20, 15, 10, 5]</answer>", 0),
      ("[10, 5, 20, 15]", 0), ("<answer>[10, 5, 20]</answer>", 0), ("<answer>[10, 5, 20, 1e999]</answer>", 0),
    ] {
      let outcome = try IoUReward().score(reply: reply, target: truth)
      #expect(abs(outcome.reward - value) < 1e-12, "\(reply)")
    }
  }

  @Test("of several true boxes each is matched once, and every box too many or too few costs")
  func severalBoxes() throws {
    let truth = RewardTarget.box(
      try BoxTarget(
        boxes: [PixelBox(x1: 0, y1: 0, x2: 10, y2: 10), PixelBox(x1: 20, y1: 0, x2: 40, y2: 10)], scaleX: 2))
    let (small, large) = ("[0, 0, 5, 10]", "[10, 0, 20, 10]")
    for (boxes, value) in [
      ([large, small], 1.0), ([small, large], 1), ([small], 0.5), ([small, small], 0.5),
      ([small, large, large], 2.0 / 3), ([small, "[10, 0, 15, 10]"], 0.75), (["[0, 0, 20, 10]"], 0.25),
      ([], 0),
      (["[30, 0, 50, 10]"], 0), ([String](repeating: small, count: 1000), 1.0 / 1000),
    ] {
      let answer = "[" + boxes.map { "{\"bbox_2d\": \($0)}" }.joined(separator: ", ") + "]"
      let reply = "<think>x</think><answer>\(answer)</answer>"
      let outcome = try IoUReward().score(reply: reply, target: truth)
      #expect(abs(outcome.reward - value) < 1e-12, "\(boxes.prefix(3))")
    }
    let line = #"{"reply":"<answer>[[0,0,10,10],[20,0,40,10]]</answer>","answer":[[0,0,10,10],[20,0,40,10]]}"#
    let row = try RewardRow(parsing: line.utf8, for: IoUReward())
    #expect(try IoUReward().score(reply: row.reply, target: row.target).reward == 1)
    for wrong in ["[]", "[1,2,3]", "[[1,2,3,4],5]", "[[1,2,3,4],[5]]", "[[[1,2,3,4]]]"] {
      #expect(throws: RewardError.self, "\(wrong)") {
        try RewardRow(parsing: #"{"reply":"","answer":\#(wrong)}"#.utf8, for: IoUReward())
      }
    }
  }

  @Test("a target of the wrong kind, an unknown reward and a wrong answer letter are refused by name")
  func refusals() throws {
    #expect(throws: RewardError.self) { try IoUReward().score(reply: "", target: try target("A")) }
    #expect(throws: RewardError.self) { try ChoiceTarget(options: RewardTests.kinds, answer: "E") }
    #expect(throws: RewardError.self) { try BoxTarget(boxes: [PixelBox(x1: 3, y1: 0, x2: 3, y2: 9)]) }
    #expect(throws: RewardError.self) { try BoxTarget(boxes: []) }
    let error = #expect(throws: RewardError.self) { try RewardCatalogue.named("accuracy") }
    #expect(error?.message.contains("roam, roam-released, classical, format, iou") == true)
  }

  @Test(
    "a bad row says what is wrong with it",
    arguments: [
      ("{", "not JSON"), ("[]", "an array"), ("{\"answer\":\"A\"}", "lacks \"reply\""),
      ("{\"reply\":\"x\",\"options\":{\"A\":\"y\"}}", "lacks \"answer\""),
      ("{\"reply\":\"x\",\"answer\":\"A\"}", "lacks \"options\""),
      ("{\"reply\":\"x\",\"answer\":\"C\",\"options\":{\"A\":\"y\"}}", "not among the options A"),
      ("{\"reply\":3,\"answer\":\"A\",\"options\":{\"A\":\"y\"}}", "not a string"),
    ])
  func badRows(_ line: String, _ reason: String) throws {
    let error = #expect(throws: RewardError.self) { try RewardRow(parsing: line.utf8, for: ROAMReward()) }
    #expect(error?.message.contains(reason) == true, "\(error?.message ?? "")")
  }

  @Test("a row's outcome is written as promised")
  func rows() throws {
    let line = """
      {"reply":"<think>a dent</think><answer>B</answer>","options":{"A":"Scratch","B":"Dent"},"answer":"B"}
      """
    let row = try RewardRow(parsing: line.utf8, for: ReleasedROAMReward())
    let outcome = try ROAMReward().score(reply: row.reply, target: row.target)
    #expect(
      outcome.json.serialized() == #"{"reward":1.0,"parts":{"roam":1.0},"conclusion":"B","letter":"B"}"#)
  }
}
