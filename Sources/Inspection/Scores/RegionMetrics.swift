import Images
public import OrderedJSON

/// How well maps of scores find the pixels and the regions of defects, over many pictures.
///
/// Scores are 0 to 1 and counted in steps of 1/65535, so that pictures of any number and size take constant memory.
public struct RegionMetrics: Sendable {
  private static let steps = 65_536

  private var defective = [Int](repeating: 0, count: steps)
  private var good = [Int](repeating: 0, count: steps)
  /// Σ over regions of the share of the region that a step holds.
  private var overlap = [Double](repeating: 0, count: steps)
  public private(set) var pictures = 0
  /// Connected regions of defects, pixels that touch at an edge or a corner belonging together.
  public private(set) var regions = 0

  public init() {}

  /// Counts a picture.
  /// - Parameters:
  ///   - scores: a score for each pixel, row after row.
  ///   - mask: what is defective; `nil` for a good picture.
  public mutating func add(scores: [Float], mask: DefectMask?) {
    precondition(
      mask == nil || mask?.isDefective.count == scores.count, "a map and a mask of different sizes")
    pictures += 1
    let labels = mask.map { $0.regions() }
    let areas = labels?.areas ?? []
    regions += areas.count
    for (index, score) in scores.enumerated() {
      let step = Int((min(max(score, 0), 1) * Float(Self.steps - 1)).rounded())
      let region = labels?.labels[index] ?? 0
      if region == 0 {
        good[step] += 1
      } else {
        defective[step] += 1
        overlap[step] += 1 / Double(areas[Int(region) - 1])
      }
    }
  }

  /// The metrics over pixels; `nil` without defective or without good ones.
  public var pixels: RankingMetrics? {
    var counts: [(score: Double, defective: Int, good: Int)] = []
    for step in 0..<Self.steps where defective[step] + good[step] > 0 {
      counts.append((Double(step) / Double(Self.steps - 1), defective[step], good[step]))
    }
    return RankingMetrics(counts: counts)
  }

  /// The area under the curve of per-region overlap over the false-positive rate up to a limit, divided by the limit
  /// (AUPRO): 1 when all regions are covered before a good pixel is touched. `nil` without defects or good pixels.
  public func aupro(upTo limit: Double = 0.3) -> Double? {
    let allGood = good.reduce(0, +)
    guard regions > 0, allGood > 0 else { return nil }
    var area = 0.0
    var (rate, share) = (0.0, 0.0)
    var goodAbove = 0
    var covered = 0.0
    for step in stride(from: Self.steps - 1, through: 0, by: -1) where good[step] > 0 || overlap[step] > 0 {
      goodAbove += good[step]
      covered += overlap[step]
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
