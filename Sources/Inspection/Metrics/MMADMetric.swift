/// The two ways of counting answers; both are always reported.
public enum MetricMode: String, Sendable, CaseIterable {
  /// An answer that cannot be read is wrong.
  case strict
  /// The published script's behaviour: it removes a record whose given or right answer is outside A–E from
  /// the list it iterates over, so the record after it is skipped unseen.
  case upstream
}

/// The MMAD benchmark's table of accuracies.
public enum MMADMetric {
  /// What a table has a row for.
  public enum Grouping: Sendable {
    case dataset
    /// A class of products of a data set, `VisA/candle`.
    case category

    func row(of record: AnswerRecord) -> String {
      switch self {
      case .dataset: record.dataset
      case .category: "\(record.dataset)/\(record.category)"
      }
    }
  }

  /// - Throws: ``AnswersError`` without records, or for a question type that is none.
  public static func table(
    of records: [AnswerRecord], mode: MetricMode, by grouping: Grouping = .dataset
  ) throws(AnswersError) -> MetricTable {
    guard !records.isEmpty else { throw AnswersError(message: "there are no answers to score") }
    var rows = RowTallies()
    // Rows are known before anything is removed, so one whose records all fall away keeps its place.
    for record in records { rows.add(grouping.row(of: record)) }
    var index = 0
    while index < records.count {
      let record = records[index]
      index += 1
      guard let type = QuestionType(published: record.questionType) else {
        throw AnswersError(
          message: "record \(index): unknown question_type \"\(record.questionType)\"; known are "
            + QuestionType.publishedNames.joined(separator: ", "))
      }
      if mode == .upstream, !record.isReadable {
        index += 1
        continue
      }
      rows.count(
        grouping.row(of: record), type: type, isNormal: record.isNormal, isRight: record.isRight)
    }
    return rows.table
  }
}
