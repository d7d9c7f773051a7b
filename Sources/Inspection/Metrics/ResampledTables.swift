/// Confidence intervals of a table of accuracies by the bootstrap.
///
/// What is drawn again is pictures, not questions: the questions on one picture stand and fall together. They are drawn
/// with replacement within each class of products and state (normal or not), so every table has the same make-up as the
/// measured one; the data sets themselves are fixed. An interval is that of the percentiles.
public struct ResampledTables: Sendable {
  public struct Interval: Sendable, Equatable {
    public let lower, upper: Double
  }

  /// The share of the tables that lies inside an interval.
  public static let level = 0.95

  public let resamples: Int
  /// By row, then by the published name of the number: `Anomaly Detection` … `Average`, `Overkill`, `Miss`.
  private let intervals: [String: [String: Interval]]

  /// - Parameters:
  ///   - grouping: what the table has a row for.
  ///   - seed: decides which pictures are drawn.
  public init(
    of records: [AnswerRecord], grouping: MMADMetric.Grouping = .dataset, resamples: Int = 1000,
    seed: UInt64 = 0
  ) {
    self.resamples = resamples
    let strata = Self.strata(records, grouping)
    var values: [String: [String: [Double]]] = [:]
    for replicate in 0..<resamples {
      var random = SeededRandom(seed: seed, name: "bootstrap", index: replicate)
      var rows = RowTallies()
      for stratum in strata {
        var drawn = RowTallies.Row()
        for _ in stratum.pictures { drawn += stratum.pictures[random.below(stratum.pictures.count)] }
        rows.add(drawn, to: stratum.row)
      }
      let table = rows.table
      for row in table.rows + [table.average] {
        for (place, entry) in row.named.enumerated() {
          // The 0 of a type that was not asked has not been measured, and so has no interval.
          if place < row.questions.count, row.questions[place] == 0 { continue }
          guard let value = entry.value else { continue }
          values[row.dataset, default: [:]][entry.name, default: []].append(value)
        }
      }
    }
    intervals = values.mapValues { $0.mapValues(Self.interval) }
  }

  /// The interval of one number of the table.
  public func interval(row: String, _ name: String) -> Interval? { intervals[row]?[name] }

  private static func interval(_ values: [Double]) -> Interval {
    let sorted = values.sorted()
    // Linear interpolation between the ranks, as numpy's percentile has it.
    func percentile(_ share: Double) -> Double {
      let place = share * Double(sorted.count - 1)
      let below = Int(place)
      let above = min(below + 1, sorted.count - 1)
      return sorted[below] + (sorted[above] - sorted[below]) * (place - Double(below))
    }
    guard !sorted.isEmpty else { return Interval(lower: .nan, upper: .nan) }
    return Interval(lower: percentile((1 - level) / 2), upper: percentile((1 + level) / 2))
  }

  private struct Stratum {
    let row: String
    var pictures: [RowTallies.Row]
  }

  private static func strata(_ records: [AnswerRecord], _ grouping: MMADMetric.Grouping) -> [Stratum] {
    var order: [String] = []
    var pictures: [String: [String: RowTallies.Row]] = [:]
    var names: [String: [String]] = [:]
    var rows: [String: String] = [:]
    for record in records {
      guard let type = QuestionType(published: record.questionType) else { continue }
      let stratum = "\(record.dataset)/\(record.category)/\(record.isNormal)"
      if rows[stratum] == nil {
        order.append(stratum)
        rows[stratum] = grouping.row(of: record)
      }
      if pictures[stratum]?[record.image] == nil { names[stratum, default: []].append(record.image) }
      pictures[stratum, default: [:]][record.image, default: RowTallies.Row()].count(
        type: type, isNormal: record.isNormal, isRight: record.isRight)
    }
    return order.map { name in
      Stratum(row: rows[name] ?? "", pictures: (names[name] ?? []).compactMap { pictures[name]?[$0] })
    }
  }
}
