/// The letter extraction of the paper's released training code, faults included; for `roam-released` alone.
///
/// White space collapses. Under three characters: punctuation goes and the first character is the letter,
/// whatever it is. Otherwise every A–D without a lower-case letter beside it is a candidate: none gives
/// nothing, one is it. Among several, each occurrence scores its letter at that letter's last position in the
/// text, be it inside a word: +1 for each cue word within ±20 characters, in capitals only; +2 past 70 % of
/// the text; +1 when one of `。.!！,，` follows. So a repeated letter scores as often as it occurs; ties go to
/// the letter seen first; and the article "A" counts as choice A.
package enum ReleasedChoice {
  private static let cues: [[Unicode.Scalar]] = [
    "答案", "选择", "正确", "是", "对", "ANSWER", "CORRECT", "CHOOSE", "SELECT", "RIGHT", "认为", "应该", "觉得",
    "THINK", "BELIEVE", "SHOULD",
  ].map { Array($0.unicodeScalars) }
  private static let punctuation: Set<Unicode.Scalar> = ["。", ".", "!", "！", ",", "，"]

  package static func letter(in raw: String) -> String? {
    let text = collapsed(raw)
    guard !text.isEmpty else { return nil }
    if text.count < 3 {
      return text.first { PythonText.isWord($0) || PythonText.isSpace($0) }.map { String($0) }
    }
    var candidates: [Unicode.Scalar] = []
    for (index, scalar) in text.enumerated() where (65...68).contains(scalar.value) {
      if index > 0, isLower(text[index - 1]) { continue }
      if index + 1 < text.count, isLower(text[index + 1]) { continue }
      candidates.append(scalar)
    }
    guard candidates.count > 1 else { return candidates.first.map { String($0) } }
    var scores: [(letter: Unicode.Scalar, points: Int, score: Int)] = []
    for letter in candidates {
      if let known = scores.firstIndex(where: { $0.letter == letter }) {
        scores[known].score += scores[known].points
      } else {
        // Looked for once a letter: a text of nothing but letters stays cheap.
        let points = score(of: letter, in: text)
        scores.append((letter, points, points))
      }
    }
    var best = scores[0]
    for entry in scores.dropFirst() where entry.score > best.score { best = entry }
    return String(best.letter)
  }

  private static func score(of letter: Unicode.Scalar, in text: [Unicode.Scalar]) -> Int {
    guard let position = text.lastIndex(of: letter) else { return 0 }
    let context = text[max(0, position - 20)..<min(text.count, position + 20)]
    var points = cues.reduce(0) { $0 + (contains($1, in: context) ? 1 : 0) }
    if Double(position) > Double(text.count) * 0.7 { points += 2 }
    if position + 1 < text.count, punctuation.contains(text[position + 1]) { points += 1 }
    return points
  }

  private static func contains(_ word: [Unicode.Scalar], in context: ArraySlice<Unicode.Scalar>) -> Bool {
    guard context.count >= word.count else { return false }
    return (context.startIndex...(context.endIndex - word.count)).contains { start in
      context[start..<(start + word.count)].elementsEqual(word)
    }
  }

  private static func isLower(_ scalar: Unicode.Scalar) -> Bool { (97...122).contains(scalar.value) }

  private static func collapsed(_ raw: String) -> [Unicode.Scalar] {
    var result: [Unicode.Scalar] = []
    result.reserveCapacity(raw.utf8.count)
    var inSpace = false
    for scalar in raw.unicodeScalars {
      if PythonText.isSpace(scalar) {
        if !inSpace { result.append(" ") }
        inSpace = true
      } else {
        result.append(scalar)
        inSpace = false
      }
    }
    return result
  }
}
