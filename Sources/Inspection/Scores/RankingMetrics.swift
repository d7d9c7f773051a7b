public import OrderedJSON

/// How well a score separates defective from good: measured on labelled pictures, or pixels, without any threshold.
public struct RankingMetrics: Sendable, Equatable {
  /// A threshold with what it leads to: a score at or above it counts as a defect.
  public struct OperatingPoint: Sendable, Equatable {
    public let threshold: Double
    public let truePositives, falsePositives, falseNegatives, trueNegatives: Int

    public var precision: Double { Self.ratio(truePositives, truePositives + falsePositives) }
    public var recall: Double { Self.ratio(truePositives, truePositives + falseNegatives) }
    public var f1: Double {
      Self.ratio(2 * truePositives, 2 * truePositives + falsePositives + falseNegatives)
    }
    /// Share of good ones called defective: the false-alarm rate, overkill.
    public var falseAlarmRate: Double { Self.ratio(falsePositives, falsePositives + trueNegatives) }
    /// Share of defective ones called good.
    public var missRate: Double { Self.ratio(falseNegatives, falseNegatives + truePositives) }

    private static func ratio(_ part: Int, _ whole: Int) -> Double {
      whole == 0 ? 0 : Double(part) / Double(whole)
    }
  }

  public let defective: Int
  public let good: Int
  /// Area under the ROC curve, 0 to 1; a tie counts one half.
  public let auroc: Double
  /// Area under the precision-recall curve as average precision: Σ (Rₙ − Rₙ₋₁) Pₙ.
  public let averagePrecision: Double
  /// The threshold with the highest F1; of several the highest.
  public let best: OperatingPoint
  /// Every point at which a threshold changes anything, highest threshold first; the first calls nothing defective.
  public let points: [OperatingPoint]

  /// - Parameter counts: scores with how many defective and good ones have it; a score may stand several times.
  /// - Returns: `nil` without a defective or without a good one, or with a score that is not finite.
  public init?(counts: [(score: Double, defective: Int, good: Int)]) {
    let defective = counts.reduce(0) { $0 + $1.defective }
    let good = counts.reduce(0) { $0 + $1.good }
    guard defective > 0, good > 0, counts.allSatisfy({ $0.score.isFinite }) else { return nil }
    let sorted = counts.sorted { $0.score > $1.score }
    var (above, goodAbove) = (0, 0)
    func point(_ threshold: Double) -> OperatingPoint {
      OperatingPoint(
        threshold: threshold, truePositives: above, falsePositives: goodAbove,
        falseNegatives: defective - above, trueNegatives: good - goodAbove)
    }
    var points = [point(.infinity)]
    var area = 0.0
    var precision = 0.0
    var index = 0
    while index < sorted.count {
      let score = sorted[index].score
      let (lastAbove, lastGood) = (above, goodAbove)
      while index < sorted.count, sorted[index].score == score {
        above += sorted[index].defective
        goodAbove += sorted[index].good
        index += 1
      }
      guard above + goodAbove > lastAbove + lastGood else { continue }
      area += Double(goodAbove - lastGood) * (Double(above) + Double(lastAbove)) / 2
      precision += Double(above - lastAbove) / Double(defective) * Double(above) / Double(above + goodAbove)
      points.append(point(score))
    }
    self.defective = defective
    self.good = good
    auroc = area / (Double(defective) * Double(good))
    averagePrecision = precision
    self.points = points
    best = points.dropFirst().reduce(points[0]) { $1.f1 > $0.f1 ? $1 : $0 }
  }

  /// - Returns: `nil` without a defective or without a good one, or with a score that is not finite.
  public init?(_ scores: [(score: Double, isDefective: Bool)]) {
    self.init(counts: scores.map { ($0.score, $0.isDefective ? 1 : 0, $0.isDefective ? 0 : 1) })
  }

  /// The lowest threshold, which misses least, whose false-alarm rate is within a budget.
  /// - Parameter budget: a share of the good ones, 0 to 1.
  public func point(falseAlarmBudget budget: Double) -> OperatingPoint {
    points.last { $0.falseAlarmRate <= budget } ?? points[0]
  }

  /// What a threshold leads to.
  public func point(threshold: Double) -> OperatingPoint {
    let point = points.last { $0.threshold >= threshold } ?? points[0]
    return OperatingPoint(
      threshold: threshold, truePositives: point.truePositives, falsePositives: point.falsePositives,
      falseNegatives: point.falseNegatives, trueNegatives: point.trueNegatives)
  }

  public var json: JSON {
    [
      "defective": .integer(defective), "good": .integer(good), "auroc": .number(auroc),
      "average_precision": .number(averagePrecision), "f1_max": .number(best.f1),
      "f1_max_threshold": best.threshold.isFinite ? .number(best.threshold) : .null,
    ]
  }
}
