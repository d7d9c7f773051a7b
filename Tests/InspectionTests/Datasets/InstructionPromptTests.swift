import Inspection
import Testing

@Suite("Rows as prompts and replies")
struct InstructionPromptTests {
  private func row(_ solution: InstructionExample.Solution, problem: String = "Where?") -> InstructionExample
  {
    InstructionExample(id: "1", images: ["/p.png"], problem: problem, solution: solution)
  }

  @Test(
    "a box is asked for and imitated in pixels of the picture as the model sees it, and scored in the file's")
  func boxes() throws {
    let row = row(.boxes([PixelBox(x1: 100, y1: 50, x2: 300, y2: 150)]))
    let reply = row.reply(.paper, scale: (2, 0.5))
    #expect(reply == "<answer>{\"bbox_2d\": [50, 100, 150, 300]}</answer>")
    #expect(try IoUReward().score(reply: reply, target: row.rewardTarget(scale: (2, 0.5))).reward == 1)
    #expect(row.prompt().imageBound == nil, "a second resizing would move the box")
    #expect(row.prompt().parts.count == 2 && row.prompt().maxNewTokens == 256)
    #expect(row.reply(.mmad) == "{\"bbox_2d\": [100, 50, 300, 150]}")
    let two = self.row(.boxes([PixelBox(x1: 2, y1: 0, x2: 4, y2: 2), PixelBox(x1: 6, y1: 4, x2: 8, y2: 6)]))
    #expect(two.reply(.mmad, scale: (2, 2)) == #"[{"bbox_2d": [1, 0, 2, 1]}, {"bbox_2d": [3, 2, 4, 3]}]"#)
  }

  @Test("letters and texts are imitated as the protocol reads them")
  func letters() {
    let choice = row(.letter("B"), problem: "Any defect?\nA. Yes.\nB. No.")
    #expect(choice.reply(.paper) == "<answer>B</answer>" && choice.reply(.mmad) == "B")
    #expect(choice.prompt().answerLetters == ["A", "B"] && choice.prompt(.mmad).maxNewTokens == 32)
    let text = row(.text("Hello."), problem: "Say hello.")
    #expect(text.reply(.paper) == "Hello." && text.prompt().parts.last == .text("Say hello."))
  }
}
