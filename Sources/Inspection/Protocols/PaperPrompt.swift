/// The paper's prompt (section 3.4): the picture, the question, and the template that asks for reasoning first.
///
/// The order picture, question, template is that of the paper's training code; at most 256 new tokens and
/// pictures within 1000 × 800 are its settings too (section 4.1). A reference picture is introduced with the
/// benchmark's own sentence. Everything up to the question is the same for all questions on one picture, so
/// its computation can be shared.
enum PaperPrompt {
  static let template =
    "A conversation between User and Assistant. The user asks a choice question and the Assistant solves it. "
    + "The assistant first think about the reasoning process in the mind and then provides the user with the "
    + "answer. Respond with your reasoning in <think> </think> tags followed by a single letter answer in "
    + "<answer> </answer> tags."

  static func make(question: InspectionQuestion, image: String, reference: String?) -> InspectionPrompt {
    var parts: [InspectionPrompt.Part] = []
    if let reference {
      parts += [
        .text(MMADPrompt.referenceIntroduction(count: 1)), .image(reference),
        .text("Following is the query image: "),
      ]
    }
    parts += [.image(image), .text("\(question.textWithOptions) \(template)")]
    return InspectionPrompt(parts: parts, maxNewTokens: 256, imageBound: .paper)
  }
}
