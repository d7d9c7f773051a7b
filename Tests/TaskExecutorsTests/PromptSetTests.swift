import Inspection
import JobModel
import TaskExecutors
import Testing

/// What a run's prompts can be learnt from.
@Suite struct PromptSetTests {
  private static let question =
    #"{"Question":"Is there any defect in the object?","Answer":"A","Options":{"A":"Yes.","B":"No."},"#
    + #""type":"Anomaly Detection"}"#

  private func questions(_ promptProtocol: PromptProtocolName) throws -> any PromptSet {
    let folder = try TestFolder()
    try folder.write(
      #"{"DS-MVTec/nut/image/bent/000.png":{"image_path":"image/bent/000.png","conversation":[\#(Self.question)]}}"#,
      to: "mmad.json")
    return try PromptSets.open(
      data: folder.path, promptProtocol: promptProtocol, maxNewTokens: nil, requiringImages: false)
  }

  private func rows(
    _ rows: [String], references: Int? = nil, types: [QuestionTypeName]? = nil
  ) throws -> any PromptSet {
    let folder = try TestFolder()
    let file = try folder.write(rows.joined(separator: "\n"), to: "rows.jsonl")
    return try PromptSets.open(
      data: file, promptProtocol: .paper, references: references, types: types, maxNewTokens: nil,
      requiringImages: false)
  }

  private static let choice = #"{"image":"a.png","problem":"Which?\nA. Yes.\nB. No.","solution":"B"}"#
  private static let box = #"{"image":"a.png","problem":"Where?","solution":[1,2,3,4]}"#

  @Test func `a reward that no reply to the prompts can earn is refused before anything is asked`() throws {
    for name in ["roam", "classical", "format", "roam + 0.2 * format"] {
      let reward = try RewardFormula(parsing: name)
      try questions(.paper).require(reward)
      try questions(.paperReleasedTraining).require(reward)
      try rows([Self.choice]).require(reward)
      let error = #expect(throws: (any Error).self) { try questions(.mmad).require(reward) }
      #expect(error.map { "\($0)" }?.contains("asks for the bare letter") == true)
    }
    try rows([Self.box]).require(RewardFormula(.iou))
    for (set, reward) in [
      ([Self.choice], RewardName.iou), ([Self.box], .roam), ([Self.box, Self.choice], .roam),
    ] {
      let error = #expect(throws: (any Error).self) { try rows(set).require(RewardFormula(reward)) }
      #expect(error.map { "\($0)" }?.contains("as the true answers") == true)
    }
  }

  @Test func `a prompt is found by its name where another order than expected was met`() throws {
    let set = try rows(
      ["a", "b", "c"].map { #"{"id":"\#($0)","image":"a.png","problem":"Which?","solution":[1,2,3,4]}"# })
    let last = set.identity(of: 2)
    #expect(set.place(of: last, expected: 2) == 2)
    #expect(set.place(of: last, expected: 0) == 2)
    #expect(set.place(of: PromptIdentity(sample: "gone", question: 0), expected: 1) == 1)
  }

  @Test func `what rows do not have is refused and not passed over`() throws {
    #expect(try rows([Self.choice], references: 0).count == 1)
    let references = #expect(throws: DatasetError.self) { try rows([Self.choice], references: 1) }
    #expect(references?.message.contains("leave out references") == true)
    let types = #expect(throws: DatasetError.self) { try rows([Self.choice], types: [.defectAnalysis]) }
    #expect(types?.message.contains("leave out question_types") == true)
  }
}
