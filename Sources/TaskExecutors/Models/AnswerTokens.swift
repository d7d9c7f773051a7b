package import QwenVL

/// The tokens that the letter of an answer may come as. A tokenizer of byte pairs joins a letter with the character
/// before it: Qwen's says `<answer>A</answer>` as `<`, `answer`, `>A`, `</`, `answer`, `>`.
package struct AnswerTokens: Sendable {
  package let letters: [String]
  /// How a letter may be written, and where in ``ids`` its tokens stand, `nil` where the vocabulary has none.
  private struct Form {
    let prefix: String
    var columns: [Int?] = []
  }
  private var forms: [Form] = []
  private let tokenizer: Tokenizer
  private var formOfToken: [Int: Int] = [:]
  /// All tokens, which ``SamplingOptions/watchedTokenIDs`` takes, in the order ``logProbabilities(of:for:)`` expects.
  package private(set) var ids: [Int] = []

  /// What may stand before a letter in its token: the end of a tag, white space, the openings of answers such as `(A)`,
  /// `**A**`, `"A"` and `Answer:A`.
  private static let prefixes = ["", ">", " ", "(", "[", "*", "\"", "'", ":"]

  package init(letters: [String], tokenizer: Tokenizer) {
    self.letters = letters
    self.tokenizer = tokenizer
    for prefix in Self.prefixes {
      var form = Form(prefix: prefix)
      for letter in letters {
        // As the vocabulary spells it.
        let id = tokenizer.id(of: (prefix == " " ? "Ġ" : prefix) + letter)
        form.columns.append(id.map { _ in ids.count })
        if let id {
          formOfToken[id] = forms.count
          ids.append(id)
        }
      }
      forms.append(form)
    }
  }

  /// The log-probabilities of some of the letters where the answer has its letter: of the tokens that write them as the
  /// letter that was drawn is written there.
  /// - Returns: `nil` where there is no answer with a letter, or one of the letters cannot be written so.
  package func logProbabilities(of completion: Completion, for wanted: [String]) -> [Double]? {
    guard let (step, form) = answerPlace(completion.ids) else { return nil }
    var values: [Double] = []
    for letter in wanted {
      guard let index = letters.firstIndex(of: letter), let column = form.columns[index] else { return nil }
      values.append(Double(completion.watched[step][column]))
    }
    return values
  }

  /// The token with the answer's letter: the first behind the last `<answer>`, without which and without reasoning the
  /// last of all. A letter that begins a word is none.
  private func answerPlace(_ tokens: [Int]) -> (step: Int, form: Form)? {
    let text = Array(tokenizer.decode(tokens).utf8)
    let tag = Self.lastEnd(of: Array("<answer>".utf8), in: text)
    if tag == nil, Self.lastEnd(of: Array("<think>".utf8), in: text) != nil { return nil }
    var found: (step: Int, form: Form)?
    for step in tokens.indices.reversed() {
      guard let form = formOfToken[tokens[step]].map({ forms[$0] }), !continues(tokens, after: step) else {
        continue
      }
      guard let tag else { return (step, form) }
      let start = tokenizer.decode(Array(tokens[..<step])).utf8.count + form.prefix.utf8.count
      if start < tag { break }
      found = (step, form)
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
