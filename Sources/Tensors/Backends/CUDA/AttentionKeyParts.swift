/// A segment layout seen from the keys, cut for kernels/attention_backward_keys_tensor.cu: the queries that see a tile of
/// keys are divided among several blocks where there are many of them. Early keys of long texts are seen by all that
/// follows, and with few key heads the tiles alone would leave most of a GPU idle.
package struct AttentionKeyParts {
  /// Rows, queries times the query heads of a key head, that are worth a block of their own.
  static let fewRows = 1024
  /// About how many blocks there are at least where tiles are divided.
  static let blocks = 1024

  /// Per block: first key, first span, spans, slot of its sums or -1.
  package private(set) var tiles: [Int32] = []
  /// Parts of the spans of a `KeyTiling`.
  package private(set) var spans: [Int32] = []
  /// Per divided tile: first key, first slot, slots.
  package private(set) var merges: [Int32] = []
  package private(set) var slots = 0

  package var tileCount: Int { tiles.count / 4 }
  package var mergeCount: Int { merges.count / 3 }

  private struct Span {
    var firstQuery: Int, queries: Int, firstKey: Int, keys: Int, visible: Int, step: Int
  }

  private struct Part {
    let firstKey: Int
    var spans: [Span] = []
    var slot = -1
    var queries: Int { spans.reduce(0) { $0 + $1.queries } }
  }

  /// - Parameters:
  ///   - group: query heads per key head.
  ///   - size: keys of a tile.
  package init(_ tiling: KeyTiling, tileKeys size: Int, group: Int, kvHeads: Int) {
    let spans = stride(from: 0, to: tiling.spans.count, by: 6).map { start in
      let numbers = tiling.spans[start..<start + 6].map { Int($0) }
      return Span(
        firstQuery: numbers[0], queries: numbers[1], firstKey: numbers[2], keys: numbers[3],
        visible: numbers[4], step: numbers[5])
    }
    let all = spans.reduce(0) { $0 + $1.queries }
    // A block takes 64 rows at a time.
    let step = max(1, 64 / group)
    let most = max(Self.fewRows / group, (all * kvHeads + Self.blocks - 1) / Self.blocks)
    let limit = (most + step - 1) / step * step
    var parts: [Part] = []
    for tile in 0..<tiling.tileCount {
      let own = spans[Int(tiling.starts[tile])..<Int(tiling.starts[tile + 1])]
      var divided = Self.divided(own, firstKey: tile * size, limit: limit)
      if divided.count > 1 {
        merges += [tile * size, slots, divided.count].map { Int32($0) }
        for index in divided.indices { divided[index].slot = slots + index }
        slots += divided.count
      }
      parts += divided
    }
    // The longest first, so that none begins when the others end.
    let order = parts.indices.sorted { (parts[$1].queries, $0) < (parts[$0].queries, $1) }
    for part in order.map({ parts[$0] }) {
      tiles += [part.firstKey, self.spans.count / 6, part.spans.count, part.slot].map { Int32($0) }
      for span in part.spans {
        self.spans += [span.firstQuery, span.queries, span.firstKey, span.keys, span.visible, span.step]
          .map { Int32($0) }
      }
    }
  }

  /// In parts of about as many queries, none of more than `limit`; one without spans where nobody sees the keys.
  private static func divided(_ spans: ArraySlice<Span>, firstKey: Int, limit: Int) -> [Part] {
    let all = spans.reduce(0) { $0 + $1.queries }
    let count = max(1, (all + limit - 1) / limit)
    let size = (all + count - 1) / count
    var parts = [Part(firstKey: firstKey)]
    for span in spans {
      var rest = span
      while rest.queries > 0 {
        if parts[parts.count - 1].queries >= size { parts.append(Part(firstKey: firstKey)) }
        var piece = rest
        piece.queries = min(rest.queries, size - parts[parts.count - 1].queries)
        parts[parts.count - 1].spans.append(piece)
        rest.firstQuery += piece.queries
        rest.queries -= piece.queries
        rest.visible += piece.queries * rest.step
      }
    }
    return parts
  }
}
