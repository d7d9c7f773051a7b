internal import OrderedJSON

/// What `mmad.json` says of a picture, under the picture's name.
struct MMADRecord {
  /// Below `<data set>/<category>/`.
  let imagePath: String
  /// The same of the mask of its defect; nil where there is none.
  let maskPath: String?
  /// Names of good pictures.
  let templates: [String]
  let questions: [InspectionQuestion]
  /// Whether the picture is normal, where its name would be misread; the benchmark's own index has no such word.
  var statedNormal: Bool?

  var json: JSON {
    var members: [JSON.Member] = [
      .init("image_path", .string(imagePath)), .init("mask_path", .string(maskPath ?? "")),
      .init("random_templates", .array(templates.map(JSON.string))),
    ]
    if let statedNormal { members.append(.init("normal", .bool(statedNormal))) }
    members.append(.init("conversation", .array(questions.map(Self.json))))
    return .object(members)
  }

  private static func json(_ question: InspectionQuestion) -> JSON {
    [
      "Question": .string(question.text), "Answer": .string(question.answer ?? ""),
      "Options": .object(question.options.map { .init($0.letter, .string($0.text)) }),
      "type": .string(question.publishedType), "annotation": .bool(true),
    ]
  }
}
