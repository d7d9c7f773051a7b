/// Which keys each query of an attention sees.
///
/// The queries are cut into consecutive segments; each segment names the ranges of keys it sees and, for
/// each, whether causally. One layout expresses a causal text, the windows of a vision tower, a batch of
/// prompts, a prompt with several answers behind it, and a step of generation over a key cache.
public struct SegmentLayout: Sendable, Equatable {
  /// A range of keys.
  ///
  /// If causal, the i-th query of the segment sees the keys from `range.lowerBound` up to and including
  /// `range.lowerBound + i + (range.count - queries.count)`: the last query sees the whole range.
  public struct KeyRange: Sendable, Equatable {
    public let range: Range<Int>
    public let causal: Bool

    public init(_ range: Range<Int>, causal: Bool) {
      self.range = range
      self.causal = causal
    }
  }

  public struct Segment: Sendable, Equatable {
    public let queries: Range<Int>
    public let keys: [KeyRange]

    public init(queries: Range<Int>, keys: [KeyRange]) {
      self.queries = queries
      self.keys = keys
    }
  }

  public let segments: [Segment]
  /// The segments cover the queries `0 ..< queryCount`.
  public let queryCount: Int
  /// One more than the last key that is seen; the key tensor has at least this many rows.
  public let keyCount: Int

  /// Checks that the segments cover `0 ..< queryCount` in order, that their keys lie in `0 ..< keyCount`
  /// without overlap within a segment, and that every query sees a key.
  public init(segments: [Segment], queryCount: Int, keyCount: Int) throws(SegmentLayoutError) {
    var next = 0
    for (index, segment) in segments.enumerated() {
      func refuse(_ reason: String) -> SegmentLayoutError {
        SegmentLayoutError(segment: index, reason: reason)
      }
      if segment.queries.lowerBound != next {
        throw refuse("its queries \(segment.queries) do not begin at \(next), where the last segment ended")
      }
      next = segment.queries.upperBound
      if next > queryCount { throw refuse("its queries \(segment.queries) exceed the \(queryCount) queries") }
      var sees = segment.queries.isEmpty
      for key in segment.keys {
        if key.range.lowerBound < 0 || key.range.upperBound > keyCount {
          throw refuse("its keys \(key.range) lie outside the \(keyCount) keys")
        }
        if key.causal && key.range.count < segment.queries.count {
          throw refuse(
            "its causal keys \(key.range) are fewer than its \(segment.queries.count) queries")
        }
        if !key.range.isEmpty { sees = true }
      }
      if !sees { throw refuse("its queries \(segment.queries) see no key") }
      if segment.keys.count > 1 {
        let ordered = segment.keys.map(\.range).filter { !$0.isEmpty }.sorted {
          $0.lowerBound < $1.lowerBound
        }
        for (a, b) in zip(ordered, ordered.dropFirst()) where a.upperBound > b.lowerBound {
          throw refuse("its key ranges \(a) and \(b) overlap")
        }
      }
    }
    if next != queryCount {
      throw SegmentLayoutError(
        segment: segments.count, reason: "the segments end at query \(next) of \(queryCount)")
    }
    self.init(unchecked: segments, queryCount: queryCount, keyCount: keyCount)
  }

  private init(unchecked segments: [Segment], queryCount: Int, keyCount: Int) {
    self.segments = segments
    self.queryCount = queryCount
    self.keyCount = keyCount
  }
}

public struct SegmentLayoutError: Error, CustomStringConvertible, Equatable {
  public let segment: Int
  public let reason: String
  public var description: String { "segment \(segment) of the attention layout is refused: \(reason)" }
}

extension SegmentLayout {
  /// One text: each token sees itself and those before it.
  public static func causal(_ count: Int) -> SegmentLayout {
    promptWithAnswers(promptCount: count, answerCounts: [])
  }

  /// Consecutive windows, each of which sees itself and nothing else, in both directions.
  /// - Precondition: each range begins where the one before ended, the first at 0.
  public static func windows(_ ranges: [Range<Int>]) -> SegmentLayout {
    var next = 0
    let segments = ranges.map { range in
      precondition(range.lowerBound == next, "window \(range) does not begin at \(next)")
      next = range.upperBound
      return Segment(queries: range, keys: [KeyRange(range, causal: false)])
    }
    return SegmentLayout(unchecked: segments, queryCount: next, keyCount: next)
  }

  /// A prompt, computed once, with answers packed behind it: the prompt sees itself causally; each answer
  /// sees the whole prompt and itself causally, and no other answer.
  public static func promptWithAnswers(promptCount: Int, answerCounts: [Int]) -> SegmentLayout {
    precondition(
      promptCount >= 0 && answerCounts.allSatisfy { $0 >= 0 },
      "a prompt of \(promptCount) tokens with answers of \(answerCounts)")
    let prompt = 0..<promptCount
    var segments: [Segment] = []
    if promptCount > 0 {
      segments.append(Segment(queries: prompt, keys: [KeyRange(prompt, causal: true)]))
    }
    var next = promptCount
    for count in answerCounts where count > 0 {
      let own = next..<next + count
      let keys = [KeyRange(prompt, causal: false), KeyRange(own, causal: true)]
      segments.append(Segment(queries: own, keys: promptCount > 0 ? keys : [keys[1]]))
      next += count
    }
    return SegmentLayout(unchecked: segments, queryCount: next, keyCount: next)
  }

  /// Several layouts side by side, whose queries and keys follow each other and see nothing of each other.
  public static func packed(_ layouts: [SegmentLayout]) -> SegmentLayout {
    var (queries, keys) = (0, 0)
    var segments: [Segment] = []
    for layout in layouts {
      for segment in layout.segments {
        segments.append(
          Segment(
            queries: segment.queries.lowerBound + queries..<segment.queries.upperBound + queries,
            keys: segment.keys.map {
              KeyRange($0.range.lowerBound + keys..<$0.range.upperBound + keys, causal: $0.causal)
            }))
      }
      queries += layout.queryCount
      keys += layout.keyCount
    }
    return SegmentLayout(unchecked: segments, queryCount: queries, keyCount: keys)
  }
}
