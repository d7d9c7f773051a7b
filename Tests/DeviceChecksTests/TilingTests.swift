import Tensors
import Testing

/// How layouts are cut for the attention kernels.
struct TilingTests {
  private static let layouts: [SegmentLayout] = [
    .causal(1), .causal(200), .windows([0..<64, 64..<65, 65..<300]),
    .promptWithAnswers(promptCount: 700, answerCounts: [3, 90, 1]),
    .packed([.promptWithAnswers(promptCount: 40, answerCounts: [7, 7]), .causal(33)]),
  ]

  /// Every pair of a query and a key it sees.
  private func pairs(_ layout: SegmentLayout) -> [[Int]: Int] {
    var pairs: [[Int]: Int] = [:]
    for segment in layout.segments {
      for (index, query) in segment.queries.enumerated() {
        for key in segment.keys {
          let seen = key.causal ? index + key.range.count - segment.queries.count + 1 : key.range.count
          for offset in 0..<seen { pairs[[query, key.range.lowerBound + offset], default: 0] += 1 }
        }
      }
    }
    return pairs
  }

  private func numbers(_ values: [Int32], _ width: Int) -> [[Int]] {
    stride(from: 0, to: values.count, by: width).map { start in
      values[start..<start + width].map { Int($0) }
    }
  }

  @Test(arguments: layouts, [1, 4, 7])
  func `Tiles of queries see every key once, divided or not`(layout: SegmentLayout, group: Int) {
    let expected = pairs(layout)
    for divided in [false, true] {
      let tiling = AttentionTiling(layout, group: group, kvHeads: 1, divided: divided)
      let spans = numbers(tiling.spans, 6)
      var found: [[Int]: Int] = [:]
      for tile in numbers(tiling.tiles, 5) {
        #expect(tile[1] * group <= AttentionTiling.tileRows)
        for span in spans[tile[2]..<tile[2] + tile[3]] {
          for query in 0..<span[1] {
            for key in 0..<max(0, min(span[3], span[4] + span[5] * query)) {
              found[[tile[0] + span[0] + query, span[2] + key], default: 0] += 1
            }
          }
        }
      }
      #expect(found == expected)
      let slots = numbers(tiling.merges, 5).reduce(0) { $0 + $1[3] }
      #expect(slots <= tiling.slots && (divided || tiling.slots == 0))
    }
  }

  @Test(arguments: layouts, [32, 64])
  func `Tiles of keys are seen by every query that sees them`(layout: SegmentLayout, size: Int) {
    let tiling = KeyTiling(layout, keyCount: layout.keyCount + 40, tileKeys: size)
    #expect(tiling.tileCount == (layout.keyCount + 40 + size - 1) / size)
    let spans = numbers(tiling.spans, 6)
    var found: [[Int]: Int] = [:]
    for tile in 0..<tiling.tileCount {
      for span in spans[Int(tiling.starts[tile])..<Int(tiling.starts[tile + 1])] {
        for query in 0..<span[1] {
          for key in 0..<max(0, min(span[3], span[4] + span[5] * query)) {
            let index = span[2] + key
            if index / size == tile { found[[span[0] + query, index], default: 0] += 1 }
          }
        }
      }
    }
    #expect(found == pairs(layout))
  }
}
