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

  /// What the tiles of a tiling see, each pair as often as it is seen.
  private func pairs(_ tiling: AttentionTiling) -> [[Int]: Int] {
    let spans = numbers(tiling.spans, 6)
    var found: [[Int]: Int] = [:]
    for tile in numbers(tiling.tiles, 5) {
      for span in spans[tile[2]..<tile[2] + tile[3]] {
        for query in 0..<span[1] {
          for key in 0..<max(0, min(span[3], span[4] + span[5] * query)) {
            found[[tile[0] + span[0] + query, span[2] + key], default: 0] += 1
          }
        }
      }
    }
    return found
  }

  @Test(arguments: layouts, [1, 4, 7])
  func `Tiles of queries see every key once, divided or not`(layout: SegmentLayout, group: Int) {
    let expected = pairs(layout)
    for divided in [false, true] {
      let tiling = AttentionTiling(layout, group: group, kvHeads: 1, divided: divided, large: true)
      #expect(numbers(tiling.tiles, 5).allSatisfy { $0[1] * group <= tiling.rows })
      #expect(pairs(tiling) == expected)
      let slots = numbers(tiling.merges, 5).reduce(0) { $0 + $1[3] }
      #expect(slots <= tiling.slots && (divided || tiling.slots == 0))
    }
  }

  @Test func `Tiles are large where there are many of them and they are full`() {
    let long = SegmentLayout.causal(1000)
    let tiling = AttentionTiling(long, group: 8, kvHeads: 16, divided: true, large: true)
    #expect(tiling.rows == 128 && tiling.tileCount == 63 && tiling.slots == 0)
    #expect(pairs(tiling) == pairs(long))
    #expect(AttentionTiling(long, group: 8, kvHeads: 16, divided: true).rows == 64)
    #expect(AttentionTiling(long, group: 8, kvHeads: 2, divided: true, large: true).rows == 64)
    let windows = SegmentLayout.windows((0..<40).map { 64 * $0..<64 * $0 + 64 })
    #expect(AttentionTiling(windows, group: 1, kvHeads: 16, divided: true, large: true).rows == 64)
  }

  @Test func `The tiles that see the most keys come first`() {
    let tiling = AttentionTiling(.causal(200), group: 4, kvHeads: 1, divided: false)
    let first = numbers(tiling.tiles, 5).map { $0[0] }
    #expect(first == first.sorted(by: >) && first.count == 13)
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

  @Test(arguments: layouts, [1, 8])
  func `Parts of the queries see the keys of a tile once`(layout: SegmentLayout, group: Int) {
    let tiling = KeyTiling(layout, keyCount: layout.keyCount + 40, tileKeys: 64)
    for kvHeads in [1, 1 << 20] {
      let parts = AttentionKeyParts(tiling, tileKeys: 64, group: group, kvHeads: kvHeads)
      let (tiles, spans) = (numbers(parts.tiles, 4), numbers(parts.spans, 6))
      #expect(Set(tiles.map { $0[0] }) == Set((0..<tiling.tileCount).map { 64 * $0 }))
      var found: [[Int]: Int] = [:]
      for tile in tiles {
        for span in spans[tile[1]..<tile[1] + tile[2]] {
          for query in 0..<span[1] {
            for key in 0..<max(0, min(span[3], span[4] + span[5] * query)) {
              let index = span[2] + key
              if index / 64 * 64 == tile[0] { found[[span[0] + query, index], default: 0] += 1 }
            }
          }
        }
      }
      #expect(found == pairs(layout))
      // Every slot is one block's, and those of a merge are of its keys.
      var slots = tiles.filter { $0[3] >= 0 }.map { [$0[3], $0[0]] }.sorted { $0[0] < $1[0] }
      for merge in numbers(parts.merges, 3) {
        #expect(Array(slots.prefix(merge[2])) == (0..<merge[2]).map { [merge[1] + $0, merge[0]] })
        slots.removeFirst(merge[2])
      }
      #expect(slots.isEmpty)
    }
  }

  @Test func `Queries are divided where few blocks would have much to do`() {
    let tiling = KeyTiling(.causal(2000), keyCount: 2000, tileKeys: 64)
    let parts = AttentionKeyParts(tiling, tileKeys: 64, group: 8, kvHeads: 2)
    #expect(tiling.tileCount == 32 && parts.tileCount > 200)
    #expect(parts.slots == numbers(parts.merges, 3).reduce(0) { $0 + $1[2] })
    #expect(AttentionKeyParts(tiling, tileKeys: 64, group: 8, kvHeads: 256).slots == 0)
  }
}
