import Inspection
import Testing

@Suite("Training rows and RefCOCO")
struct InstructionFileTests {
  private let folder: Miniature

  init() throws { folder = try Miniature() }

  private func examples(_ text: String) throws -> [InstructionExample] {
    try InstructionFile.examples(parsing: Array(text.utf8), images: "/data")
  }

  @Test("both forms of row give letters, boxes and texts, from lines and from a list")
  func forms() throws {
    let rows = [
      #"{"image":"a.png","problem":"Is it broken?\nA. Yes.\nB. No.","solution":"<answer> B </answer>"}"#,
      #"{"id":7,"image":["a.png","/b.png"],"conversations":[{"from":"human","value":"<image>\n<image>Where?"},"#
        + #"{"from":"gpt","value":"[1, 2.5, 30, 40]"}]}"#,
      #"{"image":null,"problem":"What?","solution":"A cup."}"#,
      #"{"image":"c.png","problem":"Where?","solution":[1,2,3,4]}"#,
    ]
    let examples = try examples("\n" + rows.joined(separator: "\r\n\n") + "\n")
    // With the mark that an editor may begin it with.
    #expect(try self.examples("\u{FEFF}\n" + rows.joined(separator: "\r\n\n") + "\n") == examples)
    #expect(
      examples
        == (try self.examples("[" + rows.joined(separator: ",") + "]")).enumerated().map {
          InstructionExample(
            id: $0.offset == 1 ? "7" : examples[$0.offset].id, images: $0.element.images,
            problem: $0.element.problem, solution: $0.element.solution)
        })
    #expect(examples.map(\.id) == ["2", "7", "6", "8"])
    #expect(examples[0].solution == .letter("B") && examples[0].options.map(\.text) == ["Yes.", "No."])
    #expect(examples[1].images == ["/data/a.png", "/b.png"] && examples[1].problem == "Where?")
    #expect(examples[1].solution == .boxes([PixelBox(x1: 1, y1: 2.5, x2: 30, y2: 40)]))
    #expect(examples[2].solution == .text("A cup.") && examples[2].images.isEmpty)
  }

  @Test(
    "several regions are one solution, as a list, as a text and as a model writes them",
    arguments: [
      "[[1,2,3,4],[5,6,7,8]]", #""[[1, 2, 3, 4], [5, 6, 7, 8]]""#,
      #""<answer>[{\"bbox_2d\": [1, 2, 3, 4]}, {\"bbox_2d\": [5, 6, 7, 8]}]</answer>""#,
    ])
  func severalBoxes(_ solution: String) throws {
    let row = try #require(
      try examples(#"{"image":"a.png","problem":"Where?","solution":\#(solution)}"#).first)
    #expect(
      row.solution == .boxes([PixelBox(x1: 1, y1: 2, x2: 3, y2: 4), PixelBox(x1: 5, y1: 6, x2: 7, y2: 8)]))
    #expect(try IoUReward().score(reply: row.reply(.paper), target: row.rewardTarget()).reward == 1)
  }

  @Test("a row is scored by the reward its solution calls for")
  func rewards() throws {
    let rows = try examples(
      #"{"image":"a.png","problem":"Broken?\nA. Yes.\nB. No.","solution":"B"}"# + "\n"
        + #"{"image":"a.png","problem":"Where?","solution":[10,10,20,20]}"# + "\n"
        + #"{"image":"a.png","problem":"What?","solution":"cup"}"#)
    let roam = try ROAMReward().score(
      reply: "<think>no flaw, so B</think><answer>B</answer>", target: try rows[0].rewardTarget())
    #expect(roam.reward == 1)
    let overlap = try IoUReward().score(
      reply: "<think>there</think><answer>[5, 5, 10, 10]</answer>",
      target: try rows[1].rewardTarget(scale: (2, 2)))
    #expect(overlap.reward == 1)
    #expect(throws: RewardError.self) { try rows[2].rewardTarget() }
    #expect(rows[0].prompt().imagePaths == ["/data/a.png"] && rows[0].prompt().answerLetters == ["A", "B"])
  }

  @Test(
    "a row that is not as it should be is named with the reason",
    arguments: [
      (#"{"image":"a.png","solution":"B"}"#, "line 1: it lacks the text \"problem\""),
      ("{\"problem\":\"?\",\"solution\":\"B\"}\n{", "line 2: "),
      (#"[{"problem":"?","solution":[1,2,3]}]"#, "row 1: \"solution\" is a list of 3"),
      (#"{"problem":"?","solution":[5,5,5,9]}"#, "has no area"),
      (#"{"problem":"<image> ","solution":"A"}"#, "it asks nothing"),
      (#"{"conversations":[{"from":"human","value":"?"}]}"#, "lacks a turn"),
      ("[1]", "row 1: it is a whole number"),
    ])
  func badRows(_ text: String, _ reason: String) {
    let error = #expect(throws: DatasetError.self) { try examples(text) }
    #expect(error?.message.contains(reason) == true, "\(error?.message ?? "")")
  }

  @Test("RefCOCO's processed files ask the published question, find their pictures and count what is missing")
  func refCOCO() throws {
    try folder.picture("coco/train2014/1.jpg")
    try folder.write(
      #"[{"image":"train2014/1.jpg","problem":"the left cup","solution":[0,1,5,6],"normalized_solution":[0,1,2,3]},"#
        + #"{"image":"train2014/2.jpg","problem":"Please provide the bounding box coordinate of the region this "#
        + #"sentence describes: lid","solution":[0,1,5,6]}]"#, to: "refcoco_val.json")
    try folder.write(
      #"{"id":"3","image":"train2014/1.jpg","conversations":[{"from":"human","value":"<image>the lid"},"#
        + #"{"from":"gpt","value":"[0, 0, 4, 4]"}]}"#, to: "refcocog_train.jsonl")
    let dataset = try DatasetCatalogue.open(folder.root)
    #expect(dataset.layout == "refcoco")
    #expect(dataset.examples.map(\.id) == ["refcoco_val/1", "refcoco_val/2", "refcocog_train/3"])
    #expect(dataset.examples[0].problem == RefCOCO.question + "the left cup")
    #expect(dataset.examples[1].problem == RefCOCO.question + "lid")
    #expect(dataset.examples[0].images == [folder.path("coco/train2014/1.jpg")])
    #expect(dataset.shortcomings(.image) == [folder.path("coco/train2014/2.jpg")])
  }

  @Test("a pickle is not opened, and the way to convert it is told")
  func pickle() throws {
    try folder.write("(lp0", to: "refs(unc).p")
    let error = #expect(throws: DatasetError.self) { try DatasetCatalogue.open(folder.root) }
    #expect(error?.message.contains("docs/convert-refcoco.py") == true)
  }

  @Test("a missing picture of a training row is an error that names it")
  func missing() throws {
    try folder.write(#"{"image":"a.png","problem":"?","solution":"A"}"#, to: "rows.jsonl")
    let error = #expect(throws: DatasetError.self) {
      try InstructionFile.read(path: folder.path("rows.jsonl"))
    }
    #expect(error?.message.contains(folder.path("a.png")) == true)
  }
}
