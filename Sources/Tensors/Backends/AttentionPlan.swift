/// A segment layout cut into blocks of neighbouring queries that are computed together.
///
/// The scores of a block are a matrix with one row per query and head of a group. Its first columns are the
/// keys that all queries of the block see (a prompt before its answers, a window), computed as one product
/// even across segments; behind them each part of the block has its own keys.
struct AttentionPlan {
  struct Block {
    var queries: Range<Int>
    /// Keys that every query of the block sees.
    let shared: Range<Int>
    /// The indices of the block's parts in `parts`.
    var parts: Range<Int>
    /// The columns of the widest part.
    var width: Int
  }

  /// Queries of one segment within a block.
  struct Part {
    /// The position of the first query in the block.
    let row: Int
    let count: Int
    /// The indices of its own key ranges in `ranges`.
    let ranges: Range<Int>
    /// All columns of its score rows: shared keys, then those of its ranges.
    let width: Int
  }

  struct KeyColumns {
    let keys: Range<Int>
    /// The number of these keys that the part's first query sees; each further query sees one more if
    /// causal.
    let firstVisible: Int
    let causal: Bool
  }

  private(set) var blocks: [Block] = []
  private(set) var parts: [Part] = []
  private(set) var ranges: [KeyColumns] = []

  /// The elements of a block's scores, about what a core's second-level cache holds.
  static let scoreBudget = 1 << 18

  /// The queries of a block with causal keys: what a block computes in vain grows with it.
  static let causalQueries = 64

  /// - Parameters:
  ///   - group: query heads per key head.
  ///   - queries: of a block at most; absent: as many as suit a core's caches.
  init(_ layout: SegmentLayout, group: Int, queries most: Int? = nil) {
    for segment in layout.segments where !segment.queries.isEmpty {
      var own = segment.keys.filter { !$0.range.isEmpty }
      var shared = 0..<0
      if let first = own.first, !first.causal {
        shared = first.range
        own.removeFirst()
      }
      let width = shared.count + own.reduce(0) { $0 + $1.range.count }
      let fitting = own.contains { $0.causal } ? Self.causalQueries : 512
      let limit = most ?? max(8, min(fitting, Self.scoreBudget / (group * max(width, 1))))
      let queries = segment.queries
      var start = 0  // within the segment
      while start < queries.count {
        let open = blocks.last.map { $0.shared == shared && !shared.isEmpty && $0.queries.count < limit }
        if open != true {
          let first = queries.lowerBound + start
          blocks.append(
            Block(queries: first..<first, shared: shared, parts: parts.count..<parts.count, width: 0))
        }
        let block = blocks.count - 1
        let row = blocks[block].queries.count
        let count = min(queries.count - start, limit - row)
        add(own, to: block, row: row, start: start, count: count, of: queries.count)
        start += count
      }
    }
  }

  private mutating func add(
    _ own: [SegmentLayout.KeyRange], to block: Int, row: Int, start: Int, count: Int, of segmentCount: Int
  ) {
    let firstRange = ranges.count
    var width = blocks[block].shared.count
    for key in own {
      let visible = key.causal ? start + key.range.count - segmentCount + 1 : key.range.count
      let most = key.causal ? visible + count - 1 : visible
      ranges.append(
        KeyColumns(
          keys: key.range.lowerBound..<key.range.lowerBound + most, firstVisible: visible, causal: key.causal)
      )
      width += most
    }
    parts.append(Part(row: row, count: count, ranges: firstRange..<ranges.count, width: width))
    blocks[block].parts = blocks[block].parts.lowerBound..<parts.count
    blocks[block].queries = blocks[block].queries.lowerBound..<blocks[block].queries.upperBound + count
    blocks[block].width = max(blocks[block].width, width)
  }

  /// The largest number of score rows (queries) and of score elements (per head of a group) of any block.
  var largest: (queries: Int, scores: Int) {
    blocks.reduce((0, 0)) { (max($0.0, $1.queries.count), max($0.1, $1.queries.count * $1.width)) }
  }

  /// The blocks in `count` runs of about the same number of scores.
  func runs(_ count: Int) -> [Range<Int>] {
    let total = blocks.reduce(0) { $0 + $1.queries.count * $1.width }
    var runs: [Range<Int>] = []
    var (start, sum) = (0, 0)
    for (index, block) in blocks.enumerated() {
      sum += block.queries.count * block.width
      if sum * count >= total * (runs.count + 1) || index == blocks.count - 1 {
        runs.append(start..<index + 1)
        start = index + 1
      }
    }
    return runs
  }
}
