/// Ratcliff–Obershelp similarity of two texts: twice the characters in common blocks over all characters, the
/// blocks found longest first, left and right of each again.
///
/// It agrees with Python's `difflib.SequenceMatcher`, which the published MMAD evaluation reads answers with:
/// characters are code points, ties go to the earliest block, and in a second text of 200 characters or more
/// the characters that make up over one per cent of it start no block ("autojunk").
public struct SequenceSimilarity: Sendable {
  private let second: [Unicode.Scalar]
  private let positions: [Unicode.Scalar: [Int]]

  /// - Parameter autojunk: `difflib`'s heuristic; on by default there and here.
  public init(second text: String, autojunk: Bool = true) {
    second = Array(text.unicodeScalars)
    var positions: [Unicode.Scalar: [Int]] = [:]
    for (index, scalar) in second.enumerated() { positions[scalar, default: []].append(index) }
    if autojunk, second.count >= 200 {
      let limit = second.count / 100 + 1
      positions = positions.filter { $0.value.count <= limit }
    }
    self.positions = positions
  }

  /// The similarity to another text, 0 to 1; two empty texts are alike.
  public func ratio(first text: String) -> Double {
    let first = Array(text.unicodeScalars)
    let length = first.count + second.count
    guard length > 0 else { return 1 }
    var matched = 0
    var pending: [(first: Range<Int>, second: Range<Int>)] = [(0..<first.count, 0..<second.count)]
    while let (a, b) = pending.popLast() {
      let block = longestBlock(first, a, b)
      guard block.size > 0 else { continue }
      matched += block.size
      if a.lowerBound < block.first, b.lowerBound < block.second {
        pending.append((a.lowerBound..<block.first, b.lowerBound..<block.second))
      }
      if block.first + block.size < a.upperBound, block.second + block.size < b.upperBound {
        pending.append(
          ((block.first + block.size)..<a.upperBound, (block.second + block.size)..<b.upperBound))
      }
    }
    return 2 * Double(matched) / Double(length)
  }

  private func longestBlock(
    _ first: [Unicode.Scalar], _ a: Range<Int>, _ b: Range<Int>
  ) -> (first: Int, second: Int, size: Int) {
    var best = (first: a.lowerBound, second: b.lowerBound, size: 0)
    // Length of the common run that ends at the previous character of the first text and at each position of
    // the second.
    var runs: [Int: Int] = [:]
    for i in a {
      var next: [Int: Int] = [:]
      for j in positions[first[i]] ?? [] {
        if j < b.lowerBound { continue }
        if j >= b.upperBound { break }
        let run = (runs[j - 1] ?? 0) + 1
        next[j] = run
        if run > best.size { best = (i - run + 1, j - run + 1, run) }
      }
      runs = next
    }
    // Frequent characters start no block but extend one.
    while best.first > a.lowerBound, best.second > b.lowerBound,
      first[best.first - 1] == second[best.second - 1]
    {
      best = (best.first - 1, best.second - 1, best.size + 1)
    }
    while best.first + best.size < a.upperBound, best.second + best.size < b.upperBound,
      first[best.first + best.size] == second[best.second + best.size]
    {
      best.size += 1
    }
    return best
  }
}
