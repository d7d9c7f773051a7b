internal import Inspection
internal import OrderedJSON

/// What is known of one image: a line of `results.jsonl`.
struct ScoreRow {
  enum Decision: String {
    case defect, good
    /// The reply named neither.
    case unclear
  }

  /// Relative to the folder that was scored.
  let path: String
  var width: Int?
  var height: Int?
  var decision: Decision?
  /// From the logits of the two answers, 0 to 1.
  var probability: Double?
  var reasoning: String?
  /// In pixels of the original image.
  var boxes: [GroundedBox] = []
  /// Why there is no decision.
  var error: String?

  init(path: String) {
    self.path = path
  }

  var json: JSON {
    .object([
      .init("path", .string(path)),
      .init("width", width.map { .integer($0) } ?? .null),
      .init("height", height.map { .integer($0) } ?? .null),
      .init("decision", decision.map { .string($0.rawValue) } ?? .null),
      .init("defect_probability", probability.map { .number($0) } ?? .null),
      .init("reasoning", reasoning.map { .string($0) } ?? .null),
      .init("boxes", .array(boxes.map(Self.json))),
      .init("error", error.map { .string($0) } ?? .null),
    ])
  }

  private static func json(_ grounded: GroundedBox) -> JSON {
    let box = grounded.box
    return .object([
      .init("box", .array([box.x1, box.y1, box.x2, box.y2].map { .number($0) })),
      .init("label", grounded.label.map { .string($0) } ?? .null),
    ])
  }
}
