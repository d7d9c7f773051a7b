public import OrderedJSON

/// What an evaluation found and where that comes from.
public struct EvaluationReport: Sendable {
  /// A fact about the origin of the numbers: model, its hash, data, prompt protocol, seed.
  public struct Origin: Sendable, Equatable {
    public let name: String
    public let value: String

    public init(_ name: String, _ value: String) {
      self.name = name
      self.value = value
    }
  }

  public let origin: [Origin]
  public let strict: MetricTable
  public let upstream: MetricTable
  /// Questions answered.
  public let answers: Int
  /// Replies no letter could be read from.
  public let unreadable: Int
  /// Share of the replies whose reasoning concludes on their answer, 0 to 1; `nil` where no reply reasons.
  public let conclusionAgreement: Double?
  /// Reference pictures that the data set names and the disk lacks.
  public let missingTemplates: Int

  /// - Throws: ``AnswersError`` without records, or for a question type that is none.
  public init(
    records: [AnswerRecord], origin: [Origin] = [], missingTemplates: Int = 0
  ) throws(AnswersError) {
    self.origin = origin
    self.missingTemplates = missingTemplates
    strict = try MMADMetric.table(of: records, mode: .strict)
    upstream = try MMADMetric.table(of: records, mode: .upstream)
    answers = records.count
    unreadable = records.count { !$0.hasReadableAnswer }
    conclusionAgreement = ConclusionAgreement.share(of: records)
  }

  /// Macro-averaged accuracies over the data sets by question type, 0 to 1, in the order of
  /// `QuestionType.allCases`; types never asked are left out.
  public func accuracies(_ mode: MetricMode = .strict) -> [(type: QuestionType, accuracy: Double)] {
    let row = (mode == .strict ? strict : upstream).average
    return zip(QuestionType.allCases, zip(row.cells, row.questions)).compactMap { type, cell in
      cell.1 > 0 ? (type, cell.0 / 100) : nil
    }
  }

  /// Both tables with everything known about them.
  public var json: JSON {
    .object([
      .init("origin", .object(origin.map { .init($0.name, .string($0.value)) })),
      .init("answers", .integer(answers)),
      .init("unreadable", .integer(unreadable)),
      .init("missing_templates", .integer(missingTemplates)),
      .init("conclusion_agreement", conclusionAgreement.map(JSON.number) ?? .null),
      .init("strict", strict.json),
      .init("upstream", upstream.json),
    ])
  }

  /// The two tables alone: `{"strict": …, "upstream": …}`.
  public var tables: JSON {
    .object([.init("strict", strict.json), .init("upstream", upstream.json)])
  }
}

/// How far replies say one thing and answer it too.
public enum ConclusionAgreement {
  /// The share of reasoned replies whose reasoning concludes on the letter answered; a reply without a
  /// conclusion or without a readable answer does not agree. `nil` when none reasons.
  public static func share(of records: [AnswerRecord]) -> Double? {
    let reasoned = records.filter { $0.thinking != nil }
    guard !reasoned.isEmpty else { return nil }
    let agreeing = reasoned.count { $0.hasReadableAnswer && $0.conclusion == $0.givenAnswer }
    return Double(agreeing) / Double(reasoned.count)
  }
}
