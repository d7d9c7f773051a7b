/// Which way round a yes-or-no question asks about defects: "Is there any defect?" or "Is the object free of defects?".
enum DefectQuestion {
  /// What "Yes" says of defects as such.
  case yes(DefectStatement.Claim)
  /// Defects are spoken of, but "Yes" says neither that there are some nor that there are none: "Is the defect
  /// deep?", "Is the object not damaged?".
  case open
  /// No word of it is about defects.
  case unrelated

  /// Reads the last sentence with a question mark that speaks of defects; in a text without one the last that does.
  init(_ text: String) {
    let (words, end) = ReasoningWord.words(of: text)
    let sentences = DefectQuestion.sentences(of: words, end: end)
    let asked = sentences.filter(\.isAsked)
    for sentence in (asked.isEmpty ? sentences : asked).reversed() {
      self = DefectQuestionReader(words: Array(words[sentence.words])).question
      if case .unrelated = self { continue }
      return
    }
    self = .unrelated
  }

  /// A question about the presence of a defect whose words are not known asks whether there is one.
  init(_ question: InspectionQuestion) {
    let read = DefectQuestion(question.text)
    if case .unrelated = read, question.type == .anomalyDetection {
      self = .yes(.present)
    } else {
      self = read
    }
  }

  private static func sentences(
    of words: [ReasoningWord], end: ReasoningWord.Gap
  ) -> [(words: Range<Int>, isAsked: Bool)] {
    var result: [(words: Range<Int>, isAsked: Bool)] = []
    var start = 0
    for index in words.indices {
      let after = index + 1 < words.count ? words[index + 1].before : end
      guard index + 1 == words.count || !after.isDisjoint(with: [.stop, .question]) else { continue }
      result.append((start..<index + 1, after.contains(.question)))
      start = index + 1
    }
    return result
  }
}

/// Reads one sentence that asks.
private struct DefectQuestionReader {
  let words: [ReasoningWord]
  private let statements: DefectStatementReader

  init(words: [ReasoningWord]) {
    self.words = words
    statements = DefectStatementReader(words: words)
  }

  var question: DefectQuestion {
    let defects = words.indices.filter { isDefect($0) }
    let sounds = words.indices.filter { isSound($0) }
    guard !defects.isEmpty || !sounds.isEmpty else { return .unrelated }
    if words.contains(where: { $0.roles.contains(.ruling) }) { return .open }
    if let first = defects.first, let second = sounds.first,
      words[min(first, second)..<max(first, second)].contains(where: { $0.roles.contains(.or) })
    {
      // "Is the object normal or defective?"
      return .open
    }
    // Beside a word for a defect "normal" is said of something else: "unlike the normal one, is it damaged?".
    let asked =
      defects.isEmpty
      ? sounds.filter { !isCompared($0) && !isOfCircumstance($0) }
      : defects.filter { !isGiven($0) && !isOfCircumstance($0) }
    let claims = Set(asked.map { claim(at: $0) })
    guard claims.count == 1, let claim = claims.first, let claim else { return .open }
    return .yes(claim)
  }

  private func isDefect(_ index: Int) -> Bool {
    !words[index].roles.isDisjoint(with: [.defect, .defective]) || Self.bad.contains(words[index].hash)
  }

  private func isSound(_ index: Int) -> Bool {
    words[index].roles.contains(.sound) || Self.good.contains(words[index].hash)
  }

  /// What "Yes" says at a word; `nil` where readers would not agree.
  private func claim(at index: Int) -> DefectStatement.Claim? {
    var negations = statements.clause(before: index, from: 0).negations
    // "Isn't the object damaged?" asks the same as "Is the object damaged?".
    if negations.last == 0, words[0].hash != Self.not, isContraction(0) { negations.removeLast() }
    var isDenied = isSound(index)
    if isFree(index) || isAbsent(index) || isNonHyphenated(index) { isDenied.toggle() }
    guard negations.count <= 1 else { return nil }
    if let negation = negations.first {
      guard denies(negation) else { return nil }
      isDenied.toggle()
    }
    return hasNegation(after: index) ? nil : isDenied ? .absent : .present
  }

  /// "The defect", "this damage", "other defects": one that is known already.
  private func isGiven(_ index: Int) -> Bool {
    if words[max(0, index - 3)..<index].contains(where: { $0.roles.contains(.further) }) { return true }
    guard words[index].roles.contains(.defect), !isFree(index) else { return false }
    for before in stride(from: index - 1, through: max(0, index - 3), by: -1) {
      let word = words[before]
      if Self.pointing.contains(word.hash) { return true }
      if !word.roles.isDisjoint(with: [.being, .showing, .place, .negation, .lacking, .whole, .article]) {
        return false
      }
    }
    return false
  }

  /// "Does it differ from the normal one?"
  private func isCompared(_ index: Int) -> Bool {
    words[max(0, index - 3)..<index].contains { Self.comparing.contains($0.hash) }
      || words.contains { Self.differing.contains($0.hash) }
  }

  /// "Is there a problem with the lighting?", "Is the quality of the image good?"
  private func isOfCircumstance(_ index: Int) -> Bool {
    guard words[index].roles.contains(.looseDefect) || isSound(index) else { return false }
    return words.contains { $0.roles.contains(.circumstance) }
  }

  private func isFree(_ index: Int) -> Bool {
    guard let next = statements.word(index + 1), next.hash == DefectStatementReader.free else { return false }
    return next.before.subtracting([.space, .hyphen]).isEmpty
  }

  /// "Are defects absent?"
  private func isAbsent(_ index: Int) -> Bool {
    statements.following(index, within: 4).contains { words[$0].hash == DefectStatementReader.absent }
  }

  /// "Non-defective"
  private func isNonHyphenated(_ index: Int) -> Bool {
    index > 0 && words[index - 1].hash == Self.non
      && words[index].before.subtracting([.space, .hyphen]).isEmpty
  }

  private func isContraction(_ index: Int) -> Bool {
    words[index].roles.contains(.predicateNegation) && words[index].roles.isDisjoint(with: .adverb)
      && words[index].hash != DefectStatementReader.no
  }

  /// "No", "without", "free of", "nothing"; what "Yes" to a question with "not" means, readers disagree on.
  private func denies(_ negation: Int) -> Bool {
    let word = words[negation]
    if word.hash == DefectStatementReader.no {
      return statements.word(negation + 1)?.hash != DefectStatementReader.longer
    }
    return !word.roles.isDisjoint(with: [.lacking, .nothing, .nor])
      || word.hash == DefectStatementReader.neither
  }

  private func hasNegation(after index: Int) -> Bool {
    // "Is there a defect or not?" asks for either.
    words.indices.dropFirst(index + 1).contains {
      words[$0].roles.contains(.predicateNegation) && words[$0].hash != DefectStatementReader.no
        && !words[$0 - 1].roles.contains(.or)
    }
  }

  // MARK: Words that only questions use in this sense

  private static let bad = hashes("wrong unusual bad imperfect nonconforming unacceptable")
  private static let good = hashes(
    "good fine ok okay acceptable perfect faultless conforming nondefective pristine")
  private static let pointing = hashes("the this that these those")
  private static let comparing = hashes("from with than as to between like against unlike")
  private static let differing = hashes(
    "differ differs different difference differences deviate deviates same similar identical match matches")
  private static let non = ReasoningWord.hash(of: "non")
  private static let not = ReasoningWord.hash(of: "not")

  private static func hashes(_ words: String) -> Set<UInt64> {
    Set(words.split(separator: " ").map { ReasoningWord.hash(of: String($0)) })
  }
}
