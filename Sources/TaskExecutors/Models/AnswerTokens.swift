package import QwenVL

/// The tokens that the letter of an answer may come as. A tokenizer of byte pairs joins a letter with the character
/// before it: Qwen's says `<answer>A</answer>` as `<`, `answer`, `>A`, `</`, `answer`, `>`.
package struct AnswerTokens: Sendable {
  package let letters: [String]
  /// A token for every letter, `nil` where the vocabulary has none.
  private struct Form {
    let prefix: String
    let ids: [Int?]
  }
  private let forms: [Form]
  private let tokenizer: Tokenizer
  /// The letter and the form of a token.
  private let places: [Int: (form: Int, letter: Int)]
  /// All tokens, which ``SamplingOptions/watchedTokenIDs`` takes, in the order ``logProbabilities(of:for:)`` expects.
  package let ids: [Int]
  private let columns: [Int: Int]

  /// What may stand before a letter in its token: the end of a tag, white space, the openings of answers such as `(A)`,
  /// `**A**`, `"A"` and `Answer:A`.
  private static let prefixes = ["", ">", " ", "(", "[", "*", "\"", "'", ":"]

  package init(letters: [String], tokenizer: Tokenizer) {
    self.letters = letters
    self.tokenizer = tokenizer
    forms = Self.prefixes.map { prefix in
      Form(prefix: prefix, ids: letters.map { tokenizer.id(of: (prefix == " " ? "Ġ" : prefix) + $0) })
    }
    var places: [Int: (form: Int, letter: Int)] = [:]
    for (form, row) in forms.enumerated() {
      for (letter, id) in row.ids.enumerated() { if let id { places[id] = (form, letter) } }
    }
    self.places = places
    ids = forms.flatMap { $0.ids.compactMap(\.self) }
    columns = Dictionary(ids.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
  }

  /// The log-probabilities of some of the letters where the answer has its letter: of the tokens that write them as the
  /// letter that was drawn is written there.
  /// - Returns: `nil` where there is no answer with a letter, or one of the letters cannot be written so.
  package func logProbabilities(of completion: Completion, for wanted: [String]) -> [Double]? {
    guard let step = answerStep(completion.ids), let place = places[completion.ids[step]] else { return nil }
    var values: [Double] = []
    for letter in wanted {
      guard let index = letters.firstIndex(of: letter), let id = forms[place.form].ids[index],
        let column = columns[id]
      else { return nil }
      values.append(Double(completion.watched[step][column]))
    }
    return values
  }

  /// The token with the answer's letter: the first behind the last `<answer>`, without which and without reasoning the
  /// last of all. A letter that begins a word is none.
  private func answerStep(_ tokens: [Int]) -> Int? {
    let text = Array(tokenizer.decode(tokens).utf8)
    let tag = Self.lastEnd(of: Array("<answer>".utf8), in: text)
    if tag == nil, Self.lastEnd(of: Array("<think>".utf8), in: text) != nil { return nil }
    var found: Int?
    for step in tokens.indices.reversed() {
      guard let place = places[tokens[step]], !continues(tokens, after: step) else { continue }
      guard let tag else { return step }
      let start = tokenizer.decode(Array(tokens[..<step])).utf8.count + forms[place.form].prefix.utf8.count
      if start < tag { break }
      found = step
    }
    return found
  }

  private func continues(_ tokens: [Int], after step: Int) -> Bool {
    guard step + 1 < tokens.count, let next = tokenizer.decode([tokens[step + 1]]).first else { return false }
    return next.isLetter || next.isNumber || next == "_"
  }

  private static func lastEnd(of pattern: [UInt8], in text: [UInt8]) -> Int? {
    guard text.count >= pattern.count else { return nil }
    return (pattern.count...text.count).last { text[($0 - pattern.count)..<$0].elementsEqual(pattern) }
  }
}
