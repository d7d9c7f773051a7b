import Inspection
import OrderedJSON
import Testing

@Suite("Scores against scikit-learn and scipy")
struct ScoreGoldenTests {
  private static func entries(_ kind: String) throws -> [JSON] {
    try GoldenFile.entries("scores.json").filter { $0["kind"]?.text == kind }
  }

  private func numbers(_ json: JSON?) -> [Double] { (json?.array ?? []).compactMap(\.double) }

  @Test("AUROC, average precision and the highest F1 are scikit-learn's, ties included")
  func ranking() throws {
    let entries = try Self.entries("ranking")
    #expect(entries.count == 4)
    for entry in entries {
      let labels = numbers(entry["labels"]).map { $0 == 1 }
      let metrics = try #require(
        RankingMetrics(zip(numbers(entry["scores"]), labels).map { ($0, $1) }))
      #expect(abs(metrics.auroc - (entry["auroc"]?.double ?? 0)) < 1e-12)
      #expect(abs(metrics.averagePrecision - (entry["average_precision"]?.double ?? 0)) < 1e-12)
      #expect(abs(metrics.best.f1 - (entry["f1"]?.double ?? 0)) < 1e-12)
      #expect(metrics.best.threshold == entry["threshold"]?.double)
    }
  }

  @Test("pixel AUROC is scikit-learn's, AUPRO that of its definition")
  func regions() throws {
    let entries = try Self.entries("regions")
    #expect(entries.count == 2)
    for entry in entries {
      let size = try #require(entry["size"]?.int)
      var metrics = RegionMetrics()
      for (map, mask) in zip(entry["maps"]?.array ?? [], entry["masks"]?.array ?? []) {
        let defective = numbers(mask).map { $0 == 1 }
        metrics.add(
          scores: numbers(map).map { $0 / 65535 },
          mask: defective.contains(true) ? DefectMask(width: size, height: size, isDefective: defective) : nil
        )
      }
      #expect(metrics.regions == entry["regions"]?.int)
      let pixels = try #require(metrics.pixels)
      #expect(abs(pixels.auroc - (entry["pixel_auroc"]?.double ?? 0)) < 1e-12)
      #expect(abs(pixels.averagePrecision - (entry["pixel_average_precision"]?.double ?? 0)) < 1e-12)
      #expect(abs(try #require(metrics.aupro()) - (entry["aupro"]?.double ?? 0)) < 1e-9)
    }
  }

  @Test("probabilities that differ in the ninth digit only are told apart in the pixels too")
  func saturated() throws {
    let mask = DefectMask(width: 2, height: 1, isDefective: [true, false])
    var metrics = RegionMetrics()
    metrics.add(scores: [0.999_999_999, 0], mask: mask)
    metrics.add(scores: [0.999_999_998, 0], mask: nil)
    metrics.add(scores: [1e-9, 0], mask: mask)
    // Of 2 defective and 4 good pixels one pair of 8 is in the wrong order.
    #expect(metrics.pixels?.auroc == 0.875)
    #expect((metrics.aupro(upTo: 0.25) ?? 0) == 0.5)
  }

  @Test("McNemar's exact probability is scipy's, from one question to thousands")
  func mcnemar() throws {
    for entry in try Self.entries("mcnemar") {
      let (b, c) = (try #require(entry["b"]?.int), try #require(entry["c"]?.int))
      let expected = try #require(entry["p"]?.double)
      #expect(abs(McNemar.probability(b, c) - expected) <= 1e-9 * expected, "\(b) \(c)")
      #expect(McNemar.probability(b, c) == McNemar.probability(c, b))
    }
  }

  @Test("maps that cover the regions exactly give an AUPRO of 1, empty ones the value of guessing")
  func extremes() throws {
    let mask = DefectMask(
      width: 10, height: 10, isDefective: (0..<100).map { $0 % 10 < 3 && $0 < 30 || $0 == 99 })
    var perfect = RegionMetrics()
    perfect.add(scores: mask.isDefective.map { $0 ? 0.9 : 0 }, mask: mask)
    #expect(perfect.regions == 2 && perfect.aupro() == 1 && perfect.pixels?.auroc == 1)
    var empty = RegionMetrics()
    empty.add(scores: Array(repeating: 0, count: 100), mask: mask)
    #expect(empty.pixels?.auroc == 0.5)
    #expect(abs((empty.aupro() ?? 0) - 0.15) < 1e-12)
    #expect(RegionMetrics().aupro() == nil && RegionMetrics().pixels == nil)
  }

  @Test("without both states, or with a score that is no number, nothing is measured")
  func unmeasurable() {
    #expect(RankingMetrics([(0.5, true), (0.7, true)]) == nil)
    #expect(RankingMetrics([(0.5, false)]) == nil)
    #expect(RankingMetrics([(.nan, true), (0.7, false)]) == nil)
  }
}
