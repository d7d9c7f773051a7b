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
  /// - Throws: ``AnswersError`` without records, or for a question type that is none.
  public static func table(of records: [AnswerRecord], mode: MetricMode) throws(AnswersError) -> MetricTable {
    guard !records.isEmpty else { throw AnswersError(message: "there are no answers to score") }
    var rows = DatasetTallies()
    // Data sets are known before anything is removed, so one whose records all fall away keeps its row.
    for record in records { rows.add(dataset: record.dataset) }
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
      let isRight = record.hasReadableAnswer && record.givenAnswer == record.correctAnswer
      rows.count(
        dataset: record.dataset, type: type, isNormal: InspectionSample.isNormal(record.image),
        isRight: isRight)
    }
    return rows.table
  }
}

/// Right answers among all.
struct Tally {
  var total = 0
  var right = 0

  mutating func count(_ isRight: Bool) {
    total += 1
    if isRight { right += 1 }
  }

  /// 0 when empty, as the benchmark has it.
  var accuracy: Double { total == 0 ? 0 : Double(right) / Double(total) }
}

private struct DatasetTallies {
  struct Row {
    var types = [Tally](repeating: Tally(), count: QuestionType.allCases.count)
    var normal = Tally()
    var abnormal = Tally()
  }

  private var names: [String] = []
  private var rows: [String: Row] = [:]

  mutating func add(dataset: String) {
    if rows[dataset] == nil {
      rows[dataset] = Row()
      names.append(dataset)
    }
  }

  mutating func count(dataset: String, type: QuestionType, isNormal: Bool, isRight: Bool) {
    guard let index = QuestionType.allCases.firstIndex(of: type) else { return }
    rows[dataset]?.types[index].count(isRight)
    if type == .anomalyDetection {
      if isNormal { rows[dataset]?.normal.count(isRight) } else { rows[dataset]?.abnormal.count(isRight) }
    }
  }

  var table: MetricTable {
    MetricTable(
      rows: names.map { name in
        let row = rows[name] ?? Row()
        var cells = row.types.map { 100 * $0.accuracy }
        cells[0] = 100 * (row.normal.accuracy + row.abnormal.accuracy) / 2
        return MetricTable.Row(
          dataset: name, cells: cells, overkill: 100 * (1 - row.normal.accuracy),
          miss: 100 * (1 - row.abnormal.accuracy), questions: row.types.map(\.total))
      })
  }
}
