/// Finds what a misspelt word was meant to be.
public enum Spelling {
  /// The candidate with the least edit distance, if it is near enough to be a likely slip.
  public static func nearest(to word: String, among candidates: [String]) -> String? {
    let word = Array(word.lowercased().prefix(64).unicodeScalars)
    let scored = candidates.map { ($0, distance(word, Array($0.lowercased().unicodeScalars))) }
    guard let best = scored.min(by: { $0.1 < $1.1 }) else { return nil }
    return best.1 <= max(2, best.0.count / 3) ? best.0 : nil
  }

  /// Edit distance in which swapping two neighbours counts once; "-" and "_" are the same.
  static func distance(_ a: [Unicode.Scalar], _ b: [Unicode.Scalar]) -> Int {
    func same(_ x: Unicode.Scalar, _ y: Unicode.Scalar) -> Bool {
      x == y || (x == "-" && y == "_") || (x == "_" && y == "-")
    }
    var beforeLast: [Int] = []
    var last = Array(0...b.count)
    for i in 0..<a.count {
      var row = [i + 1]
      for j in 0..<b.count {
        var best = min(last[j] + (same(a[i], b[j]) ? 0 : 1), last[j + 1] + 1, row[j] + 1)
        if i > 0, j > 0, same(a[i], b[j - 1]), same(a[i - 1], b[j]) {
          best = min(best, beforeLast[j - 1] + 1)
        }
        row.append(best)
      }
      (beforeLast, last) = (last, row)
    }
    return last[b.count]
  }
}
