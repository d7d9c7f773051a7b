import Tensors

/// Several prompts, and tokens behind them, as the rows of one pass through the decoder.
///
/// What prompts begin with alike is there once, see ``PromptPrefixes``. Tokens behind a prompt see the prompt as it
/// is and themselves causally.
struct PackedPrompts {
  let prefixes: PromptPrefixes
  /// The row of the key-value cache in which the pass begins; without a cache 0.
  let firstRow: Int
  private(set) var ids: [Int] = []
  /// M-RoPE positions, [3][rows].
  private(set) var positions: [[Int]] = [[], [], []]
  private(set) var segments: [SegmentLayout.Segment] = []
  /// Rows of the pass whose embedding is an image token's, and which of the features it is.
  private(set) var imageRows: [Int] = []
  private(set) var featureRows: [Int] = []

  var rowCount: Int { ids.count }
  /// The cache rows of this pass.
  var cacheRows: [Int] { Array(firstRow..<firstRow + rowCount) }

  /// - Parameters:
  ///   - images: for every prompt, what identifies its images; prompts share only where these are equal.
  ///   - features: for every prompt, the feature row of each of its image tokens in order.
  init(_ prompts: [Prompt], images: [[Int]], features: [[Int]], imageToken: Int) {
    let prefixes = PromptPrefixes(prompts, images: images, imageToken: imageToken)
    self.init(
      prompts, prefixes: prefixes, part: prefixes.nodes.indices, features: features, imageToken: imageToken)
  }

  /// Some of the nodes, behind those of earlier passes whose keys and values a cache has.
  init(
    _ prompts: [Prompt], prefixes: PromptPrefixes, part: Range<Int>, features: [[Int]], imageToken: Int
  ) {
    self.prefixes = prefixes
    firstRow = part.isEmpty ? 0 : prefixes.nodes[part.lowerBound].firstRow
    for index in part {
      let node = prefixes.nodes[index]
      append(
        prompts[node.prompt], node.tokens, features: features[node.prompt], imageToken,
        behind: prefixes.rows(to: index).dropLast())
    }
  }

  /// The row of the pass behind which comes what a prompt is answered with.
  func lastRow(of prompt: Int) -> Int {
    prefixes.nodes[prefixes.ends[prompt]].rows.upperBound - 1 - firstRow
  }

  /// Appends tokens behind a prompt: an answer's, of which each is at the next text position.
  /// - Returns: their rows.
  mutating func append(answer: some Collection<Int>, behind prompt: Int, from position: Int) -> Range<Int> {
    let start = rowCount
    guard !answer.isEmpty else { return start..<start }
    ids += answer
    for kind in positions.indices { positions[kind] += position..<position + answer.count }
    appendSegment(start..<rowCount, behind: prefixes.rows(of: prompt)[...])
    return start..<rowCount
  }

  private mutating func append(
    _ prompt: Prompt, _ part: Range<Int>, features: [Int], _ imageToken: Int,
    behind shared: ArraySlice<Range<Int>>
  ) {
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
  }

  private mutating func appendSegment(_ rows: Range<Int>, behind shared: ArraySlice<Range<Int>>) {
    let own = firstRow + rows.lowerBound..<firstRow + rows.upperBound
    segments.append(
      SegmentLayout.Segment(
        queries: rows,
        keys: shared.map { SegmentLayout.KeyRange($0, causal: false) }
          + [SegmentLayout.KeyRange(own, causal: true)]))
  }
}
