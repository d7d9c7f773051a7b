/// The prompt of the evaluation in the paper's released code: no reference, no chat template, greedy, at most
/// 1024 new tokens.
enum PaperReleasedPrompt {
  static func make(question: InspectionQuestion, image: String) -> InspectionPrompt {
    InspectionPrompt(
      parts: [
        .text("Test image: "),
        .image(image),
        .text(
          "\n\n\(question.textWithOptions)\n\nFirst output the thinking process in <think> </think> tags and "
            + "then output the final answer letter in <answer> </answer> tags."),
      ], usesChatTemplate: false, maxNewTokens: 1024, imageBound: .paper)
  }
}
