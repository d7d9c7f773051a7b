import Tensors
import Testing

typealias Segment = SegmentLayout.Segment
typealias KeyRange = SegmentLayout.KeyRange

/// Layouts small enough for finite differences, each with query heads and key heads.
let layouts: [(String, SegmentLayout, Int, Int)] = [
  ("causal", .causal(6), 2, 2),
  ("causal, one key head", .causal(5), 3, 1),
  ("windows", .windows([0..<2, 2..<5, 5..<6]), 2, 2),
  ("prompt with answers", .promptWithAnswers(promptCount: 4, answerCounts: [2, 1, 3]), 4, 2),
  (
    "two prompts with answers",
    .packed([
      .promptWithAnswers(promptCount: 3, answerCounts: [2, 2]),
      .promptWithAnswers(promptCount: 2, answerCounts: [1]),
    ]), 2, 1
  ),
  ("generation over a cache", generation, 4, 2),
]

/// Three answers take one step each: two behind the same prompt, one behind another; their own keys lie
/// further back in the cache, with room between.
let generation: SegmentLayout = {
  do {
    return try SegmentLayout(
      segments: [
        Segment(queries: 0..<1, keys: [KeyRange(0..<4, causal: false), KeyRange(9..<11, causal: true)]),
        Segment(queries: 1..<2, keys: [KeyRange(0..<4, causal: false), KeyRange(12..<15, causal: false)]),
        Segment(queries: 2..<4, keys: [KeyRange(4..<9, causal: false), KeyRange(16..<19, causal: true)]),
      ], queryCount: 4, keyCount: 20)
  } catch {
    preconditionFailure("\(error)")
  }
}()

/// Attention by its definition, one score at a time, in double precision.
func plainAttention(
  _ q: Tensor, _ k: Tensor, _ v: Tensor, heads: Int, kvHeads: Int, scale: Float, layout: SegmentLayout
) -> [Float] {
  let d = q.shape[1] / heads
  let (qs, ks, vs) = (q.values, k.values, v.values)
  var out = [Float](repeating: 0, count: qs.count)
  for segment in layout.segments {
    for (i, query) in segment.queries.enumerated() {
      let keys = segment.keys.flatMap { key in
        key.range.filter {
          !key.causal || $0 <= key.range.lowerBound + i + key.range.count - segment.queries.count
        }
      }
      for head in 0..<heads {
        let kvHead = head / (heads / kvHeads)
        let scores = keys.map { key in
          (0..<d).reduce(0.0) {
            $0 + Double(qs[(query * heads + head) * d + $1]) * Double(ks[(key * kvHeads + kvHead) * d + $1])
          } * Double(scale)
        }
        let top = scores.max() ?? 0
        let weights = scores.map { Double.exp($0 - top) }
        let total = weights.reduce(0, +)
        for j in 0..<d {
          let value = zip(keys, weights).reduce(0.0) {
            $0 + $1.1 * Double(vs[($1.0 * kvHeads + kvHead) * d + j])
          }
          out[(query * heads + head) * d + j] = Float(value / total)
        }
      }
    }
  }
  return out
}

extension Double {
  /// By its series on an eighth of the argument, so that the tests need no C library.
  static func exp(_ x: Double) -> Double {
    let r = x / 1024
    let series = 1 + r * (1 + r / 2 * (1 + r / 3 * (1 + r / 4 * (1 + r / 5))))
    return (0..<10).reduce(series) { power, _ in power * power }
  }
}

@Suite struct AttentionTests {
  @Test("attention equals its definition under every layout", arguments: layouts)
  func small(_ name: String, _ layout: SegmentLayout, _ heads: Int, _ kvHeads: Int) {
    #expect(error(layout, heads, kvHeads, headDim: 8) < 2e-6, "\(name)")
  }

  @Test("attention equals its definition when segments are cut into many blocks")
  func large() {
    // Wide rows make small blocks; uneven answers end in the middle of them.
    let answers = SegmentLayout.promptWithAnswers(promptCount: 700, answerCounts: [90, 1, 33, 200, 7])
    #expect(error(answers, 4, 2, headDim: 16) < 4e-6)
    #expect(error(.causal(900), 3, 3, headDim: 5) < 4e-6)
    #expect(error(.windows([0..<600, 600..<1300]), 2, 2, headDim: 16) < 4e-6)
  }

  @Test("an answer packed behind its prompt attends as if it stood there alone")
  func packedAnswers() {
    var n = Numbers(31)
    let (prompt, a, b) = (20, 5, 9)
    let x = (0..<3).map { _ in Tensor(n.array(34 * 8), shape: [34, 8]) }
    let packed = attention(
      x[0], x[1], x[2], heads: 2, kvHeads: 2, scale: 0.5,
      layout: .promptWithAnswers(promptCount: prompt, answerCounts: [a, b]))
    let alone = x.map { gatherRows($0, Array(0..<prompt) + Array(prompt + a..<34)) }
    let single = attention(
      alone[0], alone[1], alone[2], heads: 2, kvHeads: 2, scale: 0.5, layout: .causal(prompt + b))
    #expect(
      distance(slicedRows(packed, prompt + a..<34).values, slicedRows(single, prompt..<prompt + b).values)
        < 1e-6)
  }

  @Test("a layout that names what is not there is refused with the segment and the reason")
  func refusals() {
    func refusal(_ segments: [Segment], _ queries: Int, _ keys: Int) -> String {
      do {
        _ = try SegmentLayout(segments: segments, queryCount: queries, keyCount: keys)
        return "accepted"
      } catch { return "\(error)" }
    }
    let whole = [KeyRange(0..<4, causal: false)]
    #expect(refusal([Segment(queries: 0..<4, keys: whole)], 4, 4) == "accepted")
    #expect(refusal([Segment(queries: 0..<4, keys: whole)], 4, 3).contains("outside the 3 keys"))
    #expect(refusal([Segment(queries: 1..<4, keys: whole)], 4, 4).contains("do not begin at 0"))
    #expect(refusal([Segment(queries: 0..<3, keys: whole)], 4, 4).contains("end at query 3 of 4"))
    #expect(refusal([Segment(queries: 0..<5, keys: whole)], 4, 4).contains("exceed the 4 queries"))
    #expect(refusal([Segment(queries: 0..<4, keys: [])], 4, 4).contains("see no key"))
    #expect(
      refusal([Segment(queries: 0..<4, keys: [KeyRange(0..<3, causal: true)])], 4, 4).contains("fewer than"))
    #expect(
      refusal([Segment(queries: 0..<4, keys: whole + [KeyRange(3..<4, causal: false)])], 4, 4)
        .contains("overlap"))
  }

  private func error(_ layout: SegmentLayout, _ heads: Int, _ kvHeads: Int, headDim: Int) -> Float {
    var n = Numbers(30)
    func random(_ rows: Int, _ heads: Int) -> Tensor {
      Tensor(n.array(rows * heads * headDim), shape: [rows, heads * headDim])
    }
    let q = random(layout.queryCount, heads)
    let (k, v) = (random(layout.keyCount, kvHeads), random(layout.keyCount, kvHeads))
    let scale = 1 / Float(headDim).squareRoot()
    return distance(
      attention(q, k, v, heads: heads, kvHeads: kvHeads, scale: scale, layout: layout).values,
      plainAttention(q, k, v, heads: heads, kvHeads: kvHeads, scale: scale, layout: layout))
  }
}
