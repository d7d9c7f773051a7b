/// The prompts of the paper's released code, whose evaluation asks otherwise than its training.
enum PaperReleasedPrompt {
  /// What the training adds to a question; the paper's own text (section 3.4) differs in a few characters.
  static let trainingTemplate =
    "A conversation between User and Assistant. The user asks a choice question, and the Assistant solves it. "
    + "The assistant first thinks about the reasoning process in the mind and then provides the user with the "
    + "answer.Respond with your reasoning in <think> </think> tags followed by a single letter answer in "
    + "<answer> </answer> tags."

  /// Of the evaluation: no reference, no chat template, greedy, at most 1024 new tokens.
  static func evaluating(question: InspectionQuestion, image: String) -> InspectionPrompt {
    evaluating(text: question.textWithOptions, images: [image])
  }

  static func evaluating(text: String, images: [String]) -> InspectionPrompt {
    InspectionPrompt(
      parts: [.text("Test image: ")] + images.map(InspectionPrompt.Part.image) + [
        .text(
          "\n\n\(text)\n\nFirst output the thinking process in <think> </think> tags and "
            + "then output the final answer letter in <answer> </answer> tags.")
      ], usesChatTemplate: false, maxNewTokens: 1024, imageBound: .paper)
  }

  /// Of the training: picture, question and template in a chat turn.
  static func training(question: InspectionQuestion, image: String) -> InspectionPrompt {
    InspectionPrompt(
      parts: [.image(image), .text("\(question.textWithOptions) \(trainingTemplate)")], maxNewTokens: 256,
      imageBound: .paper)
  }
}
