public import OrderedJSON

/// Accuracies in percent: a row per data set and the unweighted mean over them.
public struct MetricTable: Sendable, Equatable {
  public struct Row: Sendable, Equatable {
    public let dataset: String
    /// Per question type in the order of `QuestionType.allCases`; 0 where nothing was asked. The Anomaly
    /// Detection cell is the mean of the accuracies on normal and on abnormal pictures.
    public let cells: [Double]
    /// Mean of the seven cells.
    public let average: Double
    /// Share of normal pictures called defective; `nil` where none was asked about.
    public let overkill: Double?
    /// Share of defective pictures called normal; `nil` where none was asked about.
    public let miss: Double?
    /// Questions counted per type.
    public let questions: [Int]

    package init(
      dataset: String, cells: [Double], average: Double? = nil, overkill: Double?, miss: Double?,
      questions: [Int]
    ) {
      self.dataset = dataset
      self.cells = cells
      self.average = average ?? cells.reduce(0, +) / Double(max(cells.count, 1))
      self.overkill = overkill
      self.miss = miss
      self.questions = questions
    }

    /// Mean of the cells of types that were asked: the paper's figure for data sets with fewer than seven (Table 4).
    public var averageOfAsked: Double {
      let asked = zip(cells, questions).filter { $1 > 0 }.map(\.0)
      return asked.isEmpty ? 0 : asked.reduce(0, +) / Double(asked.count)
    }

    /// The accuracy of one question type, in percent.
    public subscript(type: QuestionType) -> Double {
      QuestionType.allCases.firstIndex(of: type).map { cells[$0] } ?? 0
    }

    /// Cells, average, overkill and miss under their published names.
    public var named: [(name: String, value: Double?)] {
      zip(QuestionType.allCases, cells).map { ($0.rawValue, $1) }
        + [("Average", average), ("Overkill", overkill), ("Miss", miss)]
    }
  }

  /// In the order in which the data sets first occur.
  public let rows: [Row]
  /// The mean over the rows, data sets of any size counting alike; of overkill and miss over the rows that have one.
  public let average: Row

  package init(rows: [Row]) {
    self.rows = rows
    let count = Double(max(rows.count, 1))
    func mean(_ value: (Row) -> Double) -> Double { rows.reduce(0) { $0 + value($1) } / count }
    func meanOfKnown(_ value: (Row) -> Double?) -> Double? {
      let known = rows.compactMap(value)
      return known.isEmpty ? nil : known.reduce(0, +) / Double(known.count)
    }
    average = Row(
      dataset: "Average", cells: QuestionType.allCases.indices.map { index in mean { $0.cells[index] } },
      average: mean(\.average), overkill: meanOfKnown(\.overkill), miss: meanOfKnown(\.miss),
      questions: QuestionType.allCases.indices.map { index in
        rows.reduce(0) { $0 + ($1.questions.indices.contains(index) ? $1.questions[index] : 0) }
      })
  }

  /// `{"<data set>": {"Anomaly Detection": x, …, "Average": x, "Overkill": x, "Miss": x}, …, "Average": {…}}`.
  public var json: JSON {
    .object(
      (rows + [average]).map { row in
        .init(row.dataset, .object(row.named.map { .init($0.name, $0.value.map(JSON.number) ?? .null) }))
      })
  }
}
