public import OrderedJSON

/// A reply with what it is scored against, as a line of a file.
///
/// `{"reply": "…", "options": {"A": "…", …}, "answer": "B", "question": "…"}` for the rewards on choices, and for
/// `iou` `{"reply": "…", "answer": [x1, y1, x2, y2], "scale": [sx, sy]}`, of which `answer` may be a list of boxes;
/// without `question` it is the benchmark's
/// "Is there any defect in the object?", without `scale` the reply is in original pixels. The `format` reward takes
/// either, a sum of rewards what its summands take. Further keys are ignored.
public struct RewardRow: Sendable {
  public let reply: String
  public let target: RewardTarget

  /// - Throws: ``RewardError`` saying which key is missing or wrong.
  public init(
    parsing line: some Collection<UInt8>, for reward: any Reward
  ) throws(RewardError) {
    let json: JSON
    do {
      json = try JSON(parsing: line)
    } catch {
      throw RewardError(message: "not JSON: \(error.reason) at column \(error.column)")
    }
    guard json.members != nil else { throw RewardError(message: "the row is \(json.kind), not an object") }
    guard let reply = json["reply"] else { throw RewardError(message: "the row lacks \"reply\"") }
    guard let text = reply.string else {
      throw RewardError(message: "\"reply\" is \(reply.kind), not a string")
    }
    guard let answer = json["answer"] else { throw RewardError(message: "the row lacks \"answer\"") }
    self.reply = text
    if reward.name == IoUReward().name || answer.array != nil {
      target = .box(try RewardRow.box(answer, scale: json["scale"]))
    } else {
      target = .choice(
        try RewardRow.choice(answer, options: json["options"], question: json["question"]))
    }
  }

  private static func choice(
    _ answer: JSON, options: JSON?, question: JSON?
  ) throws(RewardError) -> ChoiceTarget {
    guard let letter = answer.string else {
      throw RewardError(message: "\"answer\" is \(answer.kind), not an option's letter")
    }
    guard let options else { throw RewardError(message: "the row lacks \"options\"") }
    guard let members = options.members else {
      throw RewardError(message: "\"options\" is \(options.kind), not an object of letters and texts")
    }
    var list: [AnswerOption] = []
    for member in members {
      guard let text = member.value.string else {
        throw RewardError(message: "option \(member.key) is \(member.value.kind), not a string")
      }
      list.append(AnswerOption(letter: member.key, text: text))
    }
    let text = question?.string
    if let question, text == nil, !question.isNull {
      throw RewardError(message: "\"question\" is \(question.kind), not a string")
    }
    return try ChoiceTarget(options: list, answer: letter, question: text)
  }

  private static func box(_ answer: JSON, scale: JSON?) throws(RewardError) -> BoxTarget {
    guard let boxes = PixelBox.list(answer) else {
      throw RewardError(
        message: "\"answer\" is not a list of four numbers [x1, y1, x2, y2], nor one of such boxes")
    }
    var factors = [1.0, 1.0]
    if let scale, !scale.isNull {
      factors = scale.array?.compactMap(\.double) ?? []
      guard factors.count == 2, scale.array?.count == 2 else {
        throw RewardError(message: "\"scale\" is not a list of two numbers [sx, sy]")
      }
    }
    return try BoxTarget(boxes: boxes, scaleX: factors[0], scaleY: factors[1])
  }
}

extension RewardOutcome {
  /// `{"reward": x, "parts": {…}, "conclusion": letter or null, "letter": letter or null}`.
  public var json: JSON {
    .object([
      .init("reward", .number(reward)),
      .init("parts", .object(parts.map { .init($0.name, .number($0.value)) })),
      .init("conclusion", conclusion.map(JSON.string) ?? .null),
      .init("letter", letter.map(JSON.string) ?? .null),
    ])
  }
}
