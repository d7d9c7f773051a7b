import Inspection
import Testing

/// What "Yes" and "No" say of defects, by the question they answer.
@Suite("Questions about defects")
struct DefectQuestionTests {
  @Test(
    "a question whether there is a defect is answered Yes by one, and No by none",
    arguments: [
      "Is there any defect in the object?", "Does the object have a defect?", "Is the object defective?",
      "Is this product abnormal?", "Are there any anomalies in the image?",
      "Can you see any damage on the surface of the object?", "Isn't there a defect?",
      "Doesn't the object look damaged?", "Is there anything wrong with the object?",
      "Compared with the normal template, is there any defect in the object?",
      "The first picture shows a normal object. Is there any defect in the second?",
      "Is there a defect or not?", "Is there any defect in the normal-looking bottle?", "Any defect?",
      "Decide whether the object has a defect.", "Is there any defect in the object, yes or no?",
      "Yes or no: is the object damaged?",
      "Has the product been damaged, or does it show any other flaw?",
      "Is there any defect in the object?\nA. Yes.\nB. No.", "Is there any defect in the bottle cap?",
      "Is there any defect in the defect detector?", "Is there any flaw\nin the object?",
    ])
  func presence(_ question: String) { check(question, present: "A", absent: "B") }

  @Test(
    "a question whether there is none is answered the other way round",
    arguments: [
      "Is the object free of defects?", "Is the object free from any visible defects?",
      "Is this product normal?", "No defect?", "No defects in the object?", "Are there no defects?",
      "Is the object defect-free?", "Is the bottle without defects?", "Is the object in good condition?",
      "Is the part OK?", "Does the object look normal?", "Is the object intact?",
      "Is it true that the object has no defects?", "Is nothing wrong with the object?",
      "Is the product free of scratches, dents, or defects?", "Is the surface undamaged?",
      "Is the product non-defective?", "Are defects absent?", "Is the object neither damaged nor deformed?",
      "Tell me whether this product is normal.", "Does the image show a normal product?",
      "Isn't the object intact?", "Does the sample lack any defects?",
      "Is the object normal, without any defects?", "Is the object free of defects?\nA. Yes\nB. No",
    ])
  func absence(_ question: String) { check(question, present: "B", absent: "A") }

  @Test(
    "what is stated of defects answers no question about something else, and none that can be read both ways",
    arguments: [
      "Is the lid closed?", "Is the defect on the left side?", "Is the damage severe?",
      "Does this defect affect the function?", "Is the visible defect a scratch?",
      "There is a defect in the object. Is the lid closed?", "Is there a scratch on the object?",
      "Is the object not damaged?", "Is the object normal or defective?", "Are there any other defects?",
      "Does the object differ from the normal one?", "Can defects be ruled out?",
      "Is the color the same as that of the normal template?", "Is the quality of the image good?", "",
    ])
  func others(_ question: String) { check(question, present: nil, absent: nil) }

  private func check(_ question: String, present: String?, absent: String?) {
    for text in ["There is a defect.", "The object is damaged.", "The object has a flaw on its rim."] {
      Sentence(text, .yesNo, present, question: question).check()
    }
    for text in ["There are no defects.", "The object is not defective.", "The object looks intact."] {
      Sentence(text, .yesNo, absent, question: question).check()
    }
    for (text, letter) in [("It is closed, so yes.", "A"), ("The answer is B.", "B"), ("No, it isn't.", "B")]
    {
      Sentence(text, .yesNo, letter, question: question).check()
    }
  }

  @Test(
    "reasoning towards Yes or No about a product without defects",
    arguments: [
      ("No, there is a scratch.", "B"), ("The rim is cracked, so no.", "B"), ("The product is normal.", "A"),
      ("The product is not normal.", "B"), ("The product is damaged, so it is not normal.", "B"),
      ("I see no signs of damage.", "A"), ("There is no defect on the cap.", nil),
      ("There are no defects. The neck is cracked.", nil), ("If there is a defect, it is small.", nil),
      ("At first I saw a defect, but it is a reflection; there are no defects.", "A"),
    ] as [(String, String?)])
  func soundProducts(_ text: String, _ conclusion: String?) {
    for question in ["Is this product normal?", "Is the object free of defects?"] {
      Sentence(text, .yesNo, conclusion, question: question).check()
    }
  }

  @Test("the reward, the reading of a reply and the probability of a defect follow the question")
  func everywhere() throws {
    let question = InspectionQuestion(
      text: "Is the object free of defects?", options: AnswerOption.lettered(.yesNo), answer: "A",
      type: .anomalyDetection)
    let reply = "<think>There are no defects in the object.</think> <answer>A</answer>"
    #expect(try ROAMReward().score(reply: reply, target: RewardTarget(question: question)).cell == .derived)
    #expect(PromptProtocol.paper.reading(of: reply, to: question).conclusion == "A")
    #expect(PromptProtocol.paperReleased.reading(of: reply, to: question).conclusion == "A")
    #expect(DefectScore.defectLetter(of: question) == "B")
    let row = InstructionExample(
      id: "1", images: [], problem: question.textWithOptions, solution: .letter("A"))
    #expect(try ROAMReward().score(reply: reply, target: row.rewardTarget()).cell == .derived)
    let line = """
      {"reply":"\(reply)","options":{"A":"Yes.","B":"No."},"answer":"A","question":"\(question.text)"}
      """
    let target = try RewardRow(parsing: line.utf8, for: ROAMReward()).target
    #expect(try ROAMReward().score(reply: reply, target: target).cell == .derived)
  }

  @Test("a question about the presence of a defect in unknown words asks whether there is one")
  func unknownWords() throws {
    func question(_ text: String) -> InspectionQuestion {
      InspectionQuestion(
        text: text, options: AnswerOption.lettered(.yesNo), answer: "A", type: .anomalyDetection)
    }
    let reader = ConclusionReader(question: question("物体有缺陷吗？"))
    #expect(reader.conclusion(of: "There is a defect.") == "A")
    #expect(DefectScore.defectLetter(of: question("物体有缺陷吗？")) == "A")
    #expect(DefectScore.defectLetter(of: question("Is the object not damaged?")) == nil)
  }
}
