public import OrderedJSON

/// What was said of normal and of defective pictures in the Anomaly Detection questions.
public struct Confusion: Sendable, Equatable {
  /// Of normal pictures: called normal, called defective, and neither: no answer, or a letter that was not offered.
  public internal(set) var normal = (normal: 0, defective: 0, neither: 0)
  /// The same of defective pictures.
  public internal(set) var defective = (normal: 0, defective: 0, neither: 0)

  public init() {}

  public init(of records: [AnswerRecord]) {
    for record in records where QuestionType(published: record.questionType) == .anomalyDetection {
      // The right letter is the normal one exactly on a normal picture; with two options the other means the opposite.
      let saysRight = record.isRight
      let isOffered =
        record.options.isEmpty || record.options.contains { $0.letter == record.givenAnswer }
      let saysNormal = saysRight == record.isNormal
      switch (record.isNormal, record.hasReadableAnswer && isOffered) {
      case (true, false): normal.neither += 1
      case (true, true): if saysNormal { normal.normal += 1 } else { normal.defective += 1 }
      case (false, false): defective.neither += 1
      case (false, true): if saysNormal { defective.normal += 1 } else { defective.defective += 1 }
      }
    }
  }

  public static func == (a: Confusion, b: Confusion) -> Bool {
    a.normal == b.normal && a.defective == b.defective
  }

  public var isEmpty: Bool { self == Confusion() }

  public var json: JSON {
    func row(_ counts: (normal: Int, defective: Int, neither: Int)) -> JSON {
      [
        "said_normal": .integer(counts.normal), "said_defective": .integer(counts.defective),
        "neither": .integer(counts.neither),
      ]
    }
    return ["normal": row(normal), "defective": row(defective)]
  }
}
