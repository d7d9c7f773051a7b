/// The prompt of the published MMAD evaluation: one user turn per question, no history.
enum MMADPrompt {
  static let instruction = """

    You are an industrial inspector who checks products by images. You should judge whether there is a defect \
    in the query image and answer the questions about it.
    Answer with the option's letter from the given choices directly.

    """

  static func make(
    question: InspectionQuestion, image: String, references: [String], domainKnowledge: String?
  ) -> InspectionPrompt {
    var parts: [InspectionPrompt.Part] = [
      .text(instruction),
      .text("Answer with the option's letter from the given choices directly! "),
    ]
    if let domainKnowledge, !domainKnowledge.isEmpty {
      parts.append(
        .text(
          "Following is the domain knowledge which contains some type of defect and the normal object "
            + "characteristics: \n \(domainKnowledge)"))
    }
    if !references.isEmpty {
      parts.append(.text(referenceIntroduction(count: references.count)))
      parts += references.map(InspectionPrompt.Part.image)
    }
    parts += [
      .text("Following is the query image: "),
      .image(image),
      .text("Following is the question list: "),
      .text("Question: \(question.textWithOptions)"),
    ]
    return InspectionPrompt(parts: parts, numberImages: true, maxNewTokens: 128, pixelArea: .mmad)
  }

  static func referenceIntroduction(count: Int) -> String {
    "Following is/are \(count) image of normal sample, which can be used as a template to compare the image "
      + "being queried."
  }
}
