/// A segment layout cut for the attention kernels, see kernels/attention_tiles.cuh: numbers as the kernels read them.
package struct AttentionTiling {
  /// Queries, times the query heads that share a key head, of a tile; and of a large one, which kernels on tensor cores
  /// take.
  package static let tileRows = 64, largeTileRows = 128
  /// When a layout makes fewer blocks than this, the keys of a tile are divided among several.
  static let fewBlocks = 256
  /// Keys of a part of a divided tile: few, because a block goes over them one after another, while the next part can
  /// be another block's. The kernels take so many of a span at a time.
  static let dividedKeys = 128, keysAtATime = 64

  /// Per tile: first query, queries, first span, spans, slot of its partial result or -1.
  package private(set) var tiles: [Int32] = []
  /// Per span: first query within the tile, queries, first key, keys, keys its first query sees, how many more each
  /// further query sees.
  package private(set) var spans: [Int32] = []
  /// Per divided tile: first query, queries, first slot, slots, -1.
  package private(set) var merges: [Int32] = []
  /// Partial results.
  package private(set) var slots = 0
  /// Of a tile at most: `tileRows` or `largeTileRows`.
  package private(set) var rows = Self.tileRows

  package var tileCount: Int { tiles.count / 5 }
  package var mergeCount: Int { merges.count / 5 }

  private struct Span {
    var row: Int, rows: Int, firstKey: Int, keys: Int, visible: Int, step: Int
  }

  /// - Parameters:
  ///   - group: query heads per key head.
  ///   - divided: keys of a tile may be divided, for a result that is joined from parts.
  ///   - large: tiles may be large.
  package init(_ layout: SegmentLayout, group: Int, kvHeads: Int, divided: Bool, large: Bool = false) {
    precondition(group <= Self.tileRows, "attention with \(group) query heads for a key head")
    var plan = AttentionPlan(layout, group: group, queries: Self.tileRows / group)
    let isDivided = divided && plan.blocks.count * kvHeads < Self.fewBlocks
    if large && !isDivided {
      // Where there are enough of them, and they are fuller than half.
      let largePlan = AttentionPlan(layout, group: group, queries: Self.largeTileRows / group)
      let count = largePlan.blocks.count
      if count * kvHeads >= 2 * Self.fewBlocks && 4 * count <= 3 * plan.blocks.count {
        (plan, rows) = (largePlan, Self.largeTileRows)
      }
    }
    for block in plan.blocks {
      let parts = Self.parts(of: Self.spans(of: block, plan), keys: isDivided ? Self.dividedKeys : nil)
      let firstSlot = slots
      for part in parts {
        append(part, of: block.queries, slot: parts.count == 1 ? nil : slots)
        if parts.count > 1 { slots += 1 }
      }
      if parts.count > 1 {
        merges += [block.queries.lowerBound, block.queries.count, firstSlot, parts.count, -1].map {
          Int32($0)
        }
      }
    }
    if isDivided { fillUp() } else { sortByWork() }
  }

  /// Tiles that see the most keys first, so that none of them begins when the others end.
  private mutating func sortByWork() {
    let keys = (0..<tileCount).map { tile in
      let first = Int(tiles[5 * tile + 2])
      return (first..<first + Int(tiles[5 * tile + 3])).reduce(0) { $0 + Int(spans[6 * $1 + 3]) }
    }
    let order = keys.indices.sorted { (keys[$1], $0) < (keys[$0], $1) }
    tiles = order.flatMap { tiles[5 * $0..<5 * $0 + 5] }
  }

  /// With empty tiles and spans, which cost a block that ends at once, so that the tables of a step of generation keep
  /// their sizes for many steps.
  private mutating func fillUp() {
    func fill(_ table: inout [Int32], width: Int, multiple: Int) {
      let missing = (multiple - table.count / width % multiple) % multiple
      table += [Int32](repeating: 0, count: missing * width)
    }
    fill(&tiles, width: 5, multiple: 64)
    fill(&merges, width: 5, multiple: 32)
    fill(&spans, width: 6, multiple: 128)
    slots = (slots + 63) / 64 * 64
  }

  private static func spans(of block: AttentionPlan.Block, _ plan: AttentionPlan) -> [Span] {
    var spans: [Span] = []
    if !block.shared.isEmpty {
      spans.append(
        Span(
          row: 0, rows: block.queries.count, firstKey: block.shared.lowerBound, keys: block.shared.count,
          visible: block.shared.count, step: 0))
    }
    for index in block.parts {
      let part = plan.parts[index]
      for range in plan.ranges[part.ranges] {
        spans.append(
          Span(
            row: part.row, rows: part.count, firstKey: range.keys.lowerBound, keys: range.keys.count,
            visible: range.firstVisible, step: range.causal ? 1 : 0))
      }
    }
    return spans
  }

  /// All spans in one part, or in parts of about as many keys.
  private static func parts(of spans: [Span], keys limit: Int?) -> [[Span]] {
    guard let limit else { return [spans] }
    var parts: [[Span]] = []
    var keys = limit
    for span in spans {
      for start in stride(from: 0, to: span.keys, by: limit) {
        var piece = span
        piece.firstKey += start
        piece.keys = min(limit, span.keys - start)
        piece.visible = span.visible - start
        // Of a short span a block takes as long as of a whole one.
        let work = (piece.keys + keysAtATime - 1) / keysAtATime * keysAtATime
        if keys + work > limit {
          parts.append([])
          keys = 0
        }
        parts[parts.count - 1].append(piece)
        keys += work
      }
    }
    return parts
  }

  private mutating func append(_ part: [Span], of queries: Range<Int>, slot: Int?) {
    tiles += [queries.lowerBound, queries.count, spans.count / 6, part.count, slot ?? -1].map { Int32($0) }
    for span in part {
      spans += [span.row, span.rows, span.firstKey, span.keys, span.visible, span.step].map { Int32($0) }
    }
  }
}

/// A segment layout seen from the keys: for every tile of some of them, the queries that see some.
package struct KeyTiling {
  /// For every tile, and behind the last, the index of its first span.
  package private(set) var starts: [Int32] = [0]
  /// Per span: first query, queries, first key of the range they see, keys of it, keys the first query sees, how many
  /// more each further query sees.
  package private(set) var spans: [Int32] = []

  /// - Parameters:
  ///   - keyCount: rows of the keys, of which the layout may see fewer.
  ///   - size: keys of a tile.
  package init(_ layout: SegmentLayout, keyCount: Int, tileKeys size: Int) {
    var ofTile = [[Int32]](repeating: [], count: (keyCount + size - 1) / size)
    for segment in layout.segments where !segment.queries.isEmpty {
      for key in segment.keys where !key.range.isEmpty {
        for tile in key.range.lowerBound / size...(key.range.upperBound - 1) / size {
          // Of causal keys the first queries may not see those of this tile.
          let hidden = tile * size - key.range.lowerBound - (key.range.count - segment.queries.count)
          let skipped = key.causal ? max(0, hidden) : 0
          let visible =
            key.causal ? skipped + key.range.count - segment.queries.count + 1 : key.range.count
          ofTile[tile] += [
            segment.queries.lowerBound + skipped, segment.queries.count - skipped, key.range.lowerBound,
            key.range.count, visible, key.causal ? 1 : 0,
          ].map { Int32($0) }
        }
      }
    }
    for spans in ofTile {
      self.spans += spans
      starts.append(Int32(self.spans.count / 6))
    }
  }

  package var tileCount: Int { starts.count - 1 }
}
