/// How many questions the published benchmark asks: what a complete copy holds.
public enum MMADTotals {
  public static let questions = 39_672
  public static let images = 8_366
  public static let categories = 38

  /// The questions of one data set by type, as published.
  public struct Row: Sendable {
    public let dataset: String
    /// Anomaly Detection questions on normal and on abnormal pictures.
    public let normal, abnormal: Int
    /// By type in the order of `QuestionType.allCases` without the first.
    public let others: [Int]

    public var total: Int { others.reduce(normal + abnormal, +) }

    init(_ dataset: String, _ normal: Int, _ abnormal: Int, _ others: [Int]) {
      self.dataset = dataset
      self.normal = normal
      self.abnormal = abnormal
      self.others = others
    }
  }

  public static let rows = [
    Row("DS-MVTec", 465, 1226, [1205, 1193, 1213, 1205, 464, 1367]),
    Row("MVTec-LOCO", 573, 992, [982, 982, 974, 954, 544, 1623]),
    Row("VisA", 943, 1198, [1190, 1197, 1190, 1163, 935, 2806]),
    Row("GoodsAD", 1269, 1631, [1311, 1506, 1333, 1460, 1211, 3367]),
  ]

  /// A copy's numbers beside the published ones; only data sets of the benchmark's names are compared, and the sums
  /// only when all four are there.
  public static func comparisons(of samples: [InspectionSample]) -> [PublishedCount] {
    var counts: [String: [QuestionType: (normal: Int, abnormal: Int)]] = [:]
    for sample in samples {
      for question in sample.questions {
        var cell = counts[sample.dataset, default: [:]][question.type] ?? (0, 0)
        if sample.isNormal { cell.normal += 1 } else { cell.abnormal += 1 }
        counts[sample.dataset, default: [:]][question.type] = cell
      }
    }
    var result: [PublishedCount] = []
    func compare(_ what: String, _ found: Int, _ published: Int) {
      result.append(PublishedCount(what: what, found: found, published: published))
    }
    let present = rows.filter { counts[$0.dataset] != nil }
    for row in present {
      let found = counts[row.dataset] ?? [:]
      let detection = found[.anomalyDetection] ?? (0, 0)
      compare("\(row.dataset): Anomaly Detection on normal pictures", detection.normal, row.normal)
      compare("\(row.dataset): Anomaly Detection on abnormal pictures", detection.abnormal, row.abnormal)
      for (type, published) in zip(QuestionType.allCases.dropFirst(), row.others) {
        let cell = found[type] ?? (0, 0)
        compare("\(row.dataset): \(type.rawValue)", cell.normal + cell.abnormal, published)
      }
    }
    if present.count == rows.count {
      compare("questions", samples.reduce(0) { $0 + $1.questions.count }, questions)
      compare("images", samples.count, images)
      compare("classes", Set(samples.map { "\($0.dataset)/\($0.category)" }).count, categories)
    }
    return result
  }
}
