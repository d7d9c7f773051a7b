/// A place where a reasoning names an option.
struct OptionMention {
  enum Form {
    case letter, text
    /// "There is a defect" for "Yes", "there is no defect" for "No".
    case statement
  }

  /// Index of the option.
  let option: Int
  /// Indices of its words.
  let words: Range<Int>
  let form: Form
  /// Rejected, hypothetical, asked, or one of several left open.
  var standing: Standing = .concluded

  enum Standing {
    case concluded, denied, open
  }
}

/// Finds the places where words name options, by letter, by text or, where the options are "Yes" and "No", by what
/// they say of defects, without judging them.
struct OptionMentionScanner {
  /// Lower-case hashes of each option's words, a leading article dropped; empty where the text cannot name it.
  let texts: [[UInt64]]
  /// The option of each letter A–Z, -1 without one.
  let letters: [Int8]
  /// The options that say that there are defects, and that there are none.
  let presence: Int?
  let absence: Int?

  init(options: [AnswerOption], question: DefectQuestion) {
    var letters = [Int8](repeating: -1, count: 26)
    texts = options.enumerated().map { index, option in
      if let byte = option.letter.utf8.first, (65...90).contains(byte) {
        letters[Int(byte) - 65] = Int8(index)
      }
      var words = ReasoningWord.words(of: option.text).words
      if words.count > 1, words[0].roles.contains(.article) { words.removeFirst() }
      if words.count == 1, words[0].letter != 0 { return [] }
      return words.map(\.hash)
    }
    self.letters = letters
    guard case .yes(let claim) = question, let no = texts.firstIndex(of: [OptionMentionScanner.no]) else {
      (presence, absence) = (nil, nil)
      return
    }
    let yes = texts.firstIndex(of: [ReasoningWord.hash(of: "yes")])
    (presence, absence) = claim == .present ? (yes, no) : (no, yes)
  }

  private static let no = ReasoningWord.hash(of: "no")

  func mentions(in words: [ReasoningWord], end: ReasoningWord.Gap) -> [OptionMention] {
    let statements = DefectStatementReader(words: words)
    var result: [OptionMention] = []
    var index = 0
    while index < words.count {
      if let option = letterOption(at: index, in: words, end: end) {
        result.append(OptionMention(option: option, words: index..<(index + 1), form: .letter))
        index += 1
      } else if let (option, length) = textOption(at: index, in: words) {
        result.append(OptionMention(option: option, words: index..<(index + length), form: .text))
        index += length
      } else {
        if let mention = statement(at: index, in: words, statements, from: result.last?.words.upperBound ?? 0)
        {
          result.append(mention)
        }
        index += 1
      }
    }
    return result
  }

  // MARK: By text

  /// The option with the longest text that stands at an index.
  private func textOption(at index: Int, in words: [ReasoningWord]) -> (option: Int, length: Int)? {
    var best: (option: Int, length: Int)?
    for (option, text) in texts.enumerated() {
      guard !text.isEmpty, text.count > best?.length ?? 0, index + text.count <= words.count else { continue }
      var offset = 0
      while offset < text.count, words[index + offset].hash == text[offset] { offset += 1 }
      guard offset == text.count else { continue }
      if text.count == 1, text[0] == OptionMentionScanner.no, !isAnswer(at: index, in: words) {
        continue
      }
      best = (option, text.count)
    }
    return best
  }

  /// Whether a "no" is the answer "No" and no determiner or interjection: it stands alone in its clause ("so no,",
  /// "no because"), and nothing takes it back ("no, wait").
  private func isAnswer(at index: Int, in words: [ReasoningWord]) -> Bool {
    guard index + 1 < words.count else { return true }
    let next = words[index + 1]
    let standsAlone = !next.before.subtracting([.space, .hyphen]).isEmpty
    if next.roles.contains(.interjection), next.before.isDisjoint(with: .sentenceEnd) { return false }
    return standsAlone || next.roles.contains(.clause)
  }

  // MARK: By statement

  private func statement(
    at index: Int, in words: [ReasoningWord], _ statements: DefectStatementReader, from limit: Int
  ) -> OptionMention? {
    guard presence != nil || absence != nil,
      !words[index].roles.isDisjoint(with: [.defect, .defective, .sound]),
      let statement = statements.statement(at: index, from: limit),
      let option = statement.claim == .present ? presence : absence
    else { return nil }
    return OptionMention(option: option, words: statement.words, form: .statement)
  }

  // MARK: By letter

  private func letterOption(at index: Int, in words: [ReasoningWord], end: ReasoningWord.Gap) -> Int? {
    let word = words[index]
    guard word.letter != 0 else { return nil }
    let option = Int(letters[Int(word.letter & 0x5F) - 65])
    guard option >= 0 else { return nil }
    let after = index + 1 < words.count ? words[index + 1].before : end
    guard !word.before.isOnly(.hyphen), !(index + 1 < words.count && after.isOnly(.hyphen)) else {
      return nil
    }
    let previous: ReasoningWord? = index > 0 ? words[index - 1] : nil
    let follows = previous != nil && word.before.isDisjoint(with: .sentenceEnd)
    if follows, let previous, word.before.subtracting(.space).isEmpty || word.before == [.other, .space],
      previous.roles.contains(.labelled) || previous.isNumber
    {
      return nil
    }
    if follows, let previous, previous.roles.contains(.optionNoun) { return option }
    let isEnclosed =
      !word.before.isDisjoint(with: [.opening, .mark]) && !after.isDisjoint(with: [.closing, .mark])
      && !word.before.contains(.comma)
    if isEnclosed { return option }
    let next: ReasoningWord? = index + 1 < words.count ? words[index + 1] : nil
    let standsAlone = next == nil || !after.subtracting(.space).isEmpty
    let isUpper = word.letter < 97
    if isUpper, word.letter != UInt8(ascii: "A"), word.letter != UInt8(ascii: "I") {
      if let next, after.isOnly(.space), next.roles.contains(.shapeWord) { return nil }
      return option
    }
    let expected = follows && isExpected(at: index, in: words)
    if !isUpper { return standsAlone && expected ? option : nil }
    // The article never stands before punctuation or a verb; the pronoun may.
    if word.letter == UInt8(ascii: "A") {
      if standsAlone { return option }
      if let next, next.roles.contains(.afterLetter) { return option }
    }
    guard expected else { return nil }
    if standsAlone { return option }
    guard let next else { return option }
    return next.roles.isDisjoint(with: [.bridge, .undoing, .further, .negation, .rejection, .clause, .than])
      ? nil : option
  }

  /// Whether the words before announce a letter: "I choose", "the answer is", "the correct answer must be".
  private func isExpected(at index: Int, in words: [ReasoningWord]) -> Bool {
    guard index > 0 else { return false }
    let previous = words[index - 1]
    if previous.roles.contains(.choosing) || previous.roles.contains(.answerNoun) { return true }
    guard !previous.roles.isDisjoint(with: [.bridge, .linking]) else { return false }
    for offset in 2...5 where index - offset >= 0 {
      if !words[index - offset + 1].before.isDisjoint(with: .sentenceEnd) { return false }
      let roles = words[index - offset].roles
      if !roles.isDisjoint(with: [.optionNoun, .answerNoun, .choosing]) { return true }
    }
    return previous.hash == OptionMentionScanner.with
  }

  private static let with = ReasoningWord.hash(of: "with")
}

extension ReasoningWord.Gap {
  func isOnly(_ gap: ReasoningWord.Gap) -> Bool { self == gap }
}
