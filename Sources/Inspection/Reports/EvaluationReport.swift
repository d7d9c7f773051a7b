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
  /// The strict table with a row per class of products.
  public let categories: MetricTable
  /// Of the strict table.
  public let intervals: ResampledTables
  /// By data set, in the table's order: what was said of normal and of defective pictures.
  public let confusions: [(dataset: String, confusion: Confusion)]
  /// By data set, then over all: how well the probability from the logits separates. Left out where replies bring none.
  public let scores: [(name: String, metrics: RankingMetrics)]
  /// The paper's tables with a row for these numbers.
  public let published: [PublishedTable]
  /// Questions answered.
  public let answers: Int
  /// Replies no letter could be read from.
  public let unreadable: Int
  /// Share of the replies whose reasoning concludes on their answer, 0 to 1; `nil` where no reply reasons.
  public let conclusionAgreement: Double?
  /// Reference pictures that the data set names and the disk lacks.
  public let missingTemplates: Int
  /// Pictures whose questions could not be put to the model: they count for nothing in the numbers.
  public let setAside: [SetAsidePicture]
  /// `nil` where nobody has said what the model was trained on.
  public let overlap: TrainingOverlap?

  /// - Parameters:
  ///   - resamples: tables drawn for the confidence intervals; 0 leaves them out.
  ///   - seed: decides which pictures they are drawn from.
  /// - Throws: ``AnswersError`` without records, or for a question type that is none.
  public init(
    records: [AnswerRecord], origin: [Origin] = [], missingTemplates: Int = 0,
    setAside: [SetAsidePicture] = [], overlap: TrainingOverlap? = nil,
    resamples: Int = 1000, seed: UInt64 = 0
  ) throws(AnswersError) {
    self.origin = origin
    self.missingTemplates = missingTemplates
    self.setAside = setAside
    self.overlap = overlap
    let strict = try MMADMetric.table(of: records, mode: .strict)
    self.strict = strict
    upstream = try MMADMetric.table(of: records, mode: .upstream)
    categories = try MMADMetric.table(of: records, mode: .strict, by: .category)
    intervals = ResampledTables(of: records, resamples: resamples, seed: seed)
    published = PublishedResults.beside(strict, categories: categories)
    let groups = strict.rows.map { row in (row.dataset, records.filter { $0.dataset == row.dataset }) }
    confusions = groups.map { ($0, Confusion(of: $1)) }.filter { !$1.isEmpty }
    let whole = groups.count > 1 ? [("all", records)] : []
    scores = (groups + whole).compactMap { name, records in
      Self.ranking(records).map { (name, $0) }
    }
    answers = records.count
    unreadable = records.count { !$0.hasReadableAnswer }
    conclusionAgreement = ConclusionAgreement.share(of: records)
  }

  private static func ranking(_ records: [AnswerRecord]) -> RankingMetrics? {
    RankingMetrics(
      records.compactMap { record in
        guard QuestionType(published: record.questionType) == .anomalyDetection else { return nil }
        return record.defectProbability.map { ($0, !record.isNormal) }
      })
  }

  /// Macro-averaged accuracies over the data sets by question type, 0 to 1, in the order of
  /// `QuestionType.allCases`; types never asked are left out.
  public func accuracies(_ mode: MetricMode = .strict) -> [(type: QuestionType, accuracy: Double)] {
    let row = (mode == .strict ? strict : upstream).average
    return zip(QuestionType.allCases, zip(row.cells, row.questions)).compactMap { type, cell in
      cell.1 > 0 ? (type, cell.0 / 100) : nil
    }
  }

  /// The two tables alone: `{"strict": …, "upstream": …}`.
  public var tables: JSON {
    .object([.init("strict", strict.json), .init("upstream", upstream.json)])
  }
}

/// A picture that breaks whatever looks at it, taken out so that the others can be measured.
public struct SetAsidePicture: Sendable, Equatable {
  public let image: String
  /// How many questions on it were not asked.
  public var questions: Int
  public let reason: String

  public init(image: String, questions: Int, reason: String) {
    self.image = image
    self.questions = questions
    self.reason = reason
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
