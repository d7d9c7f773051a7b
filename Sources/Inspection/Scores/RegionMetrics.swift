import Images
public import OrderedJSON

/// How well maps of scores find the pixels and the regions of defects, over many pictures.
///
/// Pixels are counted by their score, which in a map of filled boxes or masks is one of two: memory grows with the
/// pictures, whatever their size. Scores are not rounded, as a trained model's differ in the sixth digit and beyond.
public struct RegionMetrics: Sendable {
  /// Pixels of one score.
  private struct Counts {
    var defective = 0
    var good = 0
    /// Σ over regions of the share of the region that has the score.
    var overlap = 0.0

    mutating func add(_ others: Counts) {
      defective += others.defective
      good += others.good
      overlap += others.overlap
    }
  }

  private var counts: [Double: Counts] = [:]
  public private(set) var pictures = 0
  /// Connected regions of defects, pixels that touch at an edge or a corner belonging together.
  public private(set) var regions = 0

  public init() {}

  /// Counts a picture.
  /// - Parameters:
  ///   - scores: a score for each pixel, row after row.
  ///   - mask: what is defective; `nil` for a good picture.
  public mutating func add(scores: [Double], mask: DefectMask?) {
    precondition(
      mask == nil || mask?.isDefective.count == scores.count, "a map and a mask of different sizes")
    pictures += 1
    let labels = mask.map { $0.regions() }
    let areas = labels?.areas ?? []
    regions += areas.count
    // Neighbours mostly have the same score, which is looked up once for all of them.
    var run = Counts()
    for (index, score) in scores.enumerated() {
      let region = labels?.labels[index] ?? 0
      if region == 0 {
        run.good += 1
      } else {
        run.defective += 1
        run.overlap += 1 / Double(areas[Int(region) - 1])
      }
      if index + 1 == scores.count || scores[index + 1] != score {
        counts[score, default: Counts()].add(run)
        run = Counts()
      }
    }
  }

  /// The metrics over pixels; `nil` without defective or without good ones.
  public var pixels: RankingMetrics? {
    RankingMetrics(counts: counts.map { ($0.key, $0.value.defective, $0.value.good) })
  }

  /// The area under the curve of per-region overlap over the false-positive rate up to a limit, divided by the limit
  /// (AUPRO): 1 when all regions are covered before a good pixel is touched. `nil` without defects or good pixels.
  public func aupro(upTo limit: Double = 0.3) -> Double? {
    let allGood = counts.values.reduce(0) { $0 + $1.good }
    guard regions > 0, allGood > 0 else { return nil }
    var area = 0.0
    var (rate, share) = (0.0, 0.0)
    var goodAbove = 0
    var covered = 0.0
    for (_, pixels) in counts.sorted(by: { $0.key > $1.key }) {
      goodAbove += pixels.good
      covered += pixels.overlap
      let nextRate = Double(goodAbove) / Double(allGood)
      let nextShare = covered / Double(regions)
      if nextRate > limit {
        let inside = (limit - rate) / (nextRate - rate)
        area += (limit - rate) * (share + (share + (nextShare - share) * inside)) / 2
        return area / limit
      }
      area += (nextRate - rate) * (share + nextShare) / 2
      (rate, share) = (nextRate, nextShare)
    }
    return area / limit
  }

  public var json: JSON {
    .object([
      .init("pictures", .integer(pictures)), .init("regions", .integer(regions)),
      .init("pixel_auroc", pixels.map { .number($0.auroc) } ?? .null),
      .init("pixel_average_precision", pixels.map { .number($0.averagePrecision) } ?? .null),
      .init("pixel_f1_max", pixels.map { .number($0.best.f1) } ?? .null),
      .init("aupro", aupro().map(JSON.number) ?? .null), .init("aupro_limit", .number(0.3)),
    ])
  }
}
