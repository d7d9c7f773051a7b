import Inspection
import Testing

@Suite("Prompt protocols")
struct PromptTests {
  private let sample = InspectionSample(
    name: "DS-MVTec/bottle/image/broken/000.png", imagePath: "q.png", randomTemplates: ["r1.png", "r2.png"],
    similarTemplates: ["s1.png"], questions: [InspectionQuestion.anomalyDetection])
  private let question = InspectionQuestion.anomalyDetection

  @Test("mmad's parts stand in the published order")
  func mmad() throws {
    let prompt = try PromptProtocol.mmad.prompt(
      for: question, of: sample,
      settings: PromptSettings(references: 2, domainKnowledge: "Bottles are round."))
    let instruction = """

      You are an industrial inspector who checks products by images. You should judge whether there is a defect \
      in the query image and answer the questions about it.
      Answer with the option's letter from the given choices directly.

      """
    let knowledge = """
      Following is the domain knowledge which contains some type of defect and the normal object \
      characteristics:\u{20}
       Bottles are round.
      """
    let references = """
      Following is/are 2 image of normal sample, which can be used as a template to compare the image being \
      queried.
      """
    let expected: [InspectionPrompt.Part] = [
      .text(instruction),
      .text("Answer with the option's letter from the given choices directly! "),
      .text(knowledge), .text(references), .image("r1.png"), .image("r2.png"),
      .text("Following is the query image: "), .image("q.png"), .text("Following is the question list: "),
      .text("Question: Is there any defect in the object? \nA. Yes.\nB. No.\n"),
    ]
    #expect(prompt.parts == expected)
    #expect(prompt.numberImages && prompt.usesChatTemplate && prompt.maxNewTokens == 128)
    #expect(prompt.pixelArea == PixelArea(minimum: 50176, maximum: 1_003_520))
  }

  @Test("references come from the list asked for, as many as there are; zero shows none")
  func references() throws {
    func images(_ settings: PromptSettings) throws -> [String] {
      try PromptProtocol.mmad.prompt(for: question, of: sample, settings: settings).imagePaths
    }
    #expect(try images(PromptSettings()) == ["r1.png", "q.png"])
    #expect(try images(PromptSettings(references: 0)) == ["q.png"])
    #expect(try images(PromptSettings(references: 5, referenceSource: .similar)) == ["s1.png", "q.png"])
  }

  @Test("the paper's prompt asks for reasoning and one letter, after at most one reference")
  func paper() throws {
    let prompt = try PromptProtocol.paper.prompt(for: question, of: sample)
    #expect(prompt.imagePaths == ["r1.png", "q.png"])
    #expect(prompt.imageBound == .paper && prompt.usesChatTemplate && !prompt.numberImages)
    guard case .text(let last)? = prompt.parts.last else { return #expect(Bool(false)) }
    #expect(last.hasPrefix("Is there any defect in the object? \nA. Yes.\nB. No.\n A conversation between"))
    #expect(last.hasSuffix("followed by a single letter answer in <answer> </answer> tags."))
    #expect(throws: PromptError.self) {
      try PromptProtocol.paper.prompt(for: question, of: sample, settings: PromptSettings(references: 2))
    }
  }

  @Test("the released evaluation's prompt is raw text without reference")
  func released() throws {
    let prompt = try PromptProtocol.paperReleased.prompt(for: question, of: sample)
    let expected = """
      Test image: <|image_pad|>

      Is there any defect in the object?\u{20}
      A. Yes.
      B. No.


      First output the thinking process in <think> </think> tags and then output the final answer letter in \
      <answer> </answer> tags.
      """
    #expect(prompt.rawText == expected)
    #expect(!prompt.usesChatTemplate && prompt.maxNewTokens == 1024)
    #expect(throws: PromptError.self) {
      try PromptProtocol.paperReleased.prompt(
        for: question, of: sample, settings: PromptSettings(references: 1))
    }
  }

  @Test("the released training's prompt is its wording of the paper's, without reference")
  func releasedTraining() throws {
    let prompt = try PromptProtocol.paperReleasedTraining.prompt(for: question, of: sample)
    #expect(prompt.imagePaths == ["q.png"] && prompt.usesChatTemplate && prompt.maxNewTokens == 256)
    guard case .text(let last)? = prompt.parts.last else { return #expect(Bool(false)) }
    #expect(last.hasPrefix("Is there any defect in the object? \nA. Yes.\nB. No.\n A conversation between"))
    #expect(last.contains("choice question, and the Assistant") && last.contains("the answer.Respond with"))
  }

  @Test("pictures shrink into 1000 × 800 and never grow")
  func bounds() {
    let bound = ImageBound.paper
    func fitted(_ width: Int, _ height: Int) -> [Int] {
      let size = bound.fitted(width: width, height: height)
      return [size.width, size.height]
    }
    #expect(fitted(900, 900) == [800, 800])
    #expect(fitted(3000, 1000) == [1000, 333])
    #expect(fitted(100, 100) == [100, 100])
    #expect(fitted(100_000, 1) == [1000, 1])
  }
}
