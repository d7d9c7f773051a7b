import Tensors

/// Several prompts, and tokens behind them, as the rows of one pass through the decoder.
///
/// Prompts that show the same images and begin with the same tokens share the rows of that beginning, so that
/// several questions about one image cost its tokens once. Tokens behind a prompt see the prompt as it is and
/// themselves causally.
struct PackedPrompts {
  /// Where a prompt lies. Rows are those of the key-value cache: the pass's own rows plus `firstRow`.
  struct Placement {
    /// The rows shared with other prompts, then the prompt's own.
    let rows: [Range<Int>]
    /// Behind this row comes what the prompt is answered with.
    var last: Int { rows[rows.count - 1].upperBound - 1 }
  }

  /// Beginnings shorter than this are not worth a segment of their own.
  static let shortestShared = 16

  let firstRow: Int
  private(set) var ids: [Int] = []
  /// M-RoPE positions, [3][rows].
  private(set) var positions: [[Int]] = [[], [], []]
  private(set) var segments: [SegmentLayout.Segment] = []
  private(set) var placements: [Placement] = []
  /// Rows of the pass whose embedding is an image token's, and which of the features it is.
  private(set) var imageRows: [Int] = []
  private(set) var featureRows: [Int] = []

  var rowCount: Int { ids.count }
  /// The cache rows of this pass.
  var cacheRows: [Int] { Array(firstRow..<firstRow + rowCount) }

  /// - Parameters:
  ///   - images: for every prompt, what identifies its images; prompts share only where these are equal.
  ///   - features: for every prompt, the feature row of each of its image tokens in order.
  init(_ prompts: [Prompt], images: [[Int]], features: [[Int]], imageToken: Int, firstRow: Int = 0) {
    self.firstRow = firstRow
    var placed: [Int: Placement] = [:]
    for group in Self.groups(prompts, images: images) {
      var shared: [Range<Int>] = []
      if group.shared > 0 {
        let first = group.members[0]
        shared = [append(prompts[first], 0..<group.shared, behind: [], features[first], imageToken)]
      }
      for member in group.members {
        let prompt = prompts[member]
        let own = append(
          prompt, group.shared..<prompt.ids.count, behind: shared, features[member], imageToken)
        placed[member] = Placement(rows: shared + [own])
      }
    }
    placements = prompts.indices.compactMap { placed[$0] }
  }

  /// Appends tokens behind a prompt: an answer's, of which each is at the next text position.
  /// - Returns: their rows.
  mutating func append(answer: some Collection<Int>, behind prompt: Int, from position: Int) -> Range<Int> {
    let start = rowCount
    guard !answer.isEmpty else { return start..<start }
    ids += answer
    for kind in positions.indices { positions[kind] += position..<position + answer.count }
    appendSegment(start..<rowCount, behind: placements[prompt].rows)
    return start..<rowCount
  }

  private mutating func append(
    _ prompt: Prompt, _ part: Range<Int>, behind shared: [Range<Int>], _ features: [Int], _ imageToken: Int
  ) -> Range<Int> {
    let start = rowCount
    var imagesBefore = prompt.ids[..<part.lowerBound].count { $0 == imageToken }
    for index in part where prompt.ids[index] == imageToken {
      imageRows.append(start + index - part.lowerBound)
      featureRows.append(features[imagesBefore])
      imagesBefore += 1
    }
    ids += prompt.ids[part]
    for kind in positions.indices { positions[kind] += prompt.positions[kind][part] }
    appendSegment(start..<rowCount, behind: shared)
    return firstRow + start..<firstRow + rowCount
  }

  private mutating func appendSegment(_ rows: Range<Int>, behind shared: [Range<Int>]) {
    let own = firstRow + rows.lowerBound..<firstRow + rows.upperBound
    segments.append(
      SegmentLayout.Segment(
        queries: rows,
        keys: shared.map { SegmentLayout.KeyRange($0, causal: false) }
          + [SegmentLayout.KeyRange(own, causal: true)]))
  }

  /// Prompts with the same images, and how many tokens their beginnings have in common; each prompt keeps at
  /// least its last token for itself, behind which its answers begin.
  private static func groups(
    _ prompts: [Prompt], images: [[Int]]
  ) -> [(members: [Int], shared: Int)] {
    var groups: [(members: [Int], shared: Int)] = []
    var groupOfImages: [[Int]: Int] = [:]
    for index in prompts.indices {
      if let group = groupOfImages[images[index]] {
        let first = prompts[groups[group].members[0]]
        let longest = min(groups[group].shared, prompts[index].ids.count - 1)
        let common = commonPrefix(first, prompts[index], atMost: longest)
        if common >= shortestShared {
          groups[group].members.append(index)
          groups[group].shared = common
          continue
        }
      }
      groupOfImages[images[index]] = groups.count
      groups.append(([index], prompts[index].ids.count - 1))
    }
    return groups.map { $0.members.count == 1 ? ($0.members, 0) : $0 }
  }

  private static func commonPrefix(_ a: Prompt, _ b: Prompt, atMost longest: Int) -> Int {
    var length = 0
    while length < longest, a.ids[length] == b.ids[length],
      a.positions.indices.allSatisfy({ a.positions[$0][length] == b.positions[$0][length] })
    {
      length += 1
    }
    return length
  }
}
