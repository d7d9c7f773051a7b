/// Decides which namings of options are conclusions, from the words around them.
struct ConclusionJudgement {
  let words: [ReasoningWord]
  /// What follows the last word.
  let end: ReasoningWord.Gap

  func judge(_ mentions: inout [OptionMention]) {
    markRestatedOptions(&mentions)
    joinNames(&mentions)
    leaveAlternativesOpen(&mentions)
    var start = 0
    while start < mentions.count {
      let last = endOfGroup(from: start, in: mentions)
      judgeGroup(start...last, &mentions)
      start = last + 1
    }
  }

  // MARK: Groups: "A or B", "A, B and C"

  private enum Link { case none, comma, conjunction }

  private func endOfGroup(from start: Int, in mentions: [OptionMention]) -> Int {
    var last = start
    var sawConjunction = false
    var sawComma = false
    while last + 1 < mentions.count {
      switch link(mentions[last], mentions[last + 1]) {
      case .none: return closed(start, last, sawConjunction, sawComma)
      case .comma:
        // A list ends with its conjunction: "unlike A and C, B …".
        if sawConjunction { return last }
        sawComma = true
      case .conjunction: sawConjunction = true
      }
      last += 1
    }
    return closed(start, last, sawConjunction, sawComma)
  }

  /// Two namings with nothing but a comma between them are two statements: "not A, B".
  private func closed(_ start: Int, _ last: Int, _ conjunction: Bool, _ comma: Bool) -> Int {
    comma && !conjunction && last - start < 2 ? start : last
  }

  private func link(_ first: OptionMention, _ second: OptionMention) -> Link {
    if first.form == .statement || second.form == .statement { return .none }
    var hasComma = false
    var conjunction: WordRoles = []
    for index in first.words.upperBound...second.words.lowerBound {
      let gap = words[index].before
      if !gap.isDisjoint(with: [.stop, .question, .newline, .colon]) { return .none }
      if gap.contains(.comma) { hasComma = true }
      if gap.contains(.slash) { conjunction.insert(.or) }
      if index == second.words.lowerBound { break }
      let roles = words[index].roles
      guard !roles.isDisjoint(with: [.and, .or, .nor, .listWord, .article]) else { return .none }
      conjunction.formUnion(roles.intersection([.and, .or, .nor]))
    }
    if conjunction == .and {
      // "The answer is A, and B is wrong" and "A and B is …" are two statements.
      if let after = word(second.words.upperBound), after.roles.contains(.singular),
        after.before.isDisjoint(with: .clauseEnd)
      {
        return .none
      }
    }
    if !conjunction.isEmpty { return .conjunction }
    return hasComma || first.option == second.option ? .comma : .none
  }

  /// Whether defects stated or found in a range are neither asked for nor supposed.
  func isConclusive(_ statement: Range<Int>) -> Bool {
    !isAsked(statement.upperBound) && !isSupposed(statement.lowerBound)
      && !isSupposedAfter(statement.upperBound, until: words.count)
  }

  /// Whether a defect of some kind is found behind a word: "the neck is cracked".
  func findsDefect(after start: Int) -> Bool {
    let statements = DefectStatementReader(words: words)
    return words[start...].indices.contains { index in
      guard !words[index].roles.isDisjoint(with: [.kind, .defective]),
        let statement = statements.statement(at: index, from: start)
      else { return false }
      return statement.claim == .present && isConclusive(statement.words)
    }
  }

  /// "There is a defect or there is no defect" states neither.
  private func leaveAlternativesOpen(_ mentions: inout [OptionMention]) {
    for index in mentions.indices.dropFirst() {
      let (first, second) = (mentions[index - 1], mentions[index])
      guard first.form == .statement, second.form == .statement, first.option != second.option else {
        continue
      }
      let between = first.words.upperBound..<second.words.lowerBound
      guard between.contains(where: { words[$0].roles.contains(.or) }),
        !between.contains(where: { !words[$0].before.isDisjoint(with: .clauseEnd) })
      else { continue }
      mentions[index - 1].standing = .open
      mentions[index].standing = .open
    }
  }

  private func judgeGroup(_ group: ClosedRange<Int>, _ mentions: inout [OptionMention]) {
    if let standing = standingBefore(group.lowerBound, mentions) {
      mentions[group.lowerBound].standing = standing
      return
    }
    if mentions[group.lowerBound].form == .statement {
      if !isConclusive(mentions[group.lowerBound].words) { mentions[group.lowerBound].standing = .open }
      return
    }
    let previousEnd = group.lowerBound > 0 ? mentions[group.lowerBound - 1].words.upperBound : 0
    let nextStart =
      group.upperBound + 1 < mentions.count ? mentions[group.upperBound + 1].words.lowerBound : words.count
    let start = mentions[group.lowerBound].words.lowerBound
    let end = mentions[group.upperBound].words.upperBound
    let standing: OptionMention.Standing
    let deniedBefore = isDeniedBefore(start, end: end, from: previousEnd) || containsNor(start..<end)
    if deniedBefore || isDeniedAfter(end, until: nextStart) {
      standing = .denied
    } else if isAsked(end) || isSupposed(start) || isSupposedAfter(end, until: nextStart) {
      standing = .open
    } else if group.contains(where: { mentions[$0].option != mentions[group.lowerBound].option }) {
      standing = .open
    } else {
      standing = .concluded
    }
    for index in group {
      guard mentions[index].standing == .concluded else { continue }
      // "The scratch is not deep" does not withdraw a scratch named before.
      mentions[index].standing =
        standing == .denied && !deniedBefore && mentions[index].form == .text ? .open : standing
    }
  }

  private func containsNor(_ range: Range<Int>) -> Bool { range.contains { words[$0].roles.contains(.nor) } }

  /// "A. Yes" directly followed by "B. No" lists the options; it concludes on none.
  private func markRestatedOptions(_ mentions: inout [OptionMention]) {
    guard mentions.count >= 4 else { return }
    var index = 0
    while index + 3 < mentions.count {
      if isRestated(mentions, index), isRestated(mentions, index + 2),
        mentions[index + 2].option == mentions[index].option + 1,
        mentions[index + 2].words.lowerBound - mentions[index + 1].words.upperBound <= 1
      {
        for offset in 0..<4 { mentions[index + offset].standing = .open }
        index += 2
      } else {
        index += 1
      }
    }
  }

  private func isRestated(_ mentions: [OptionMention], _ index: Int) -> Bool {
    mentions[index].form == .letter && mentions[index + 1].form == .text
      && mentions[index].option == mentions[index + 1].option
      && mentions[index + 1].words.lowerBound - mentions[index].words.upperBound <= 1
  }

  /// Letter and text of one option beside each other, "B (No)" or "a dent (B)", are one name.
  private func joinNames(_ mentions: inout [OptionMention]) {
    guard mentions.count > 1 else { return }
    var joined: [OptionMention] = []
    joined.reserveCapacity(mentions.count)
    for mention in mentions {
      if let last = joined.last, last.standing == .concluded, isName(last, with: mention) {
        joined[joined.count - 1] = OptionMention(
          option: last.option, words: last.words.lowerBound..<mention.words.upperBound, form: .letter)
      } else {
        joined.append(mention)
      }
    }
    mentions = joined
  }

  private func isName(_ first: OptionMention, with second: OptionMention) -> Bool {
    guard first.option == second.option, second.standing == .concluded,
      first.words.upperBound == second.words.lowerBound
    else { return false }
    let gap = words[second.words.lowerBound].before
    if first.form == .letter, second.form == .text {
      return gap.isDisjoint(with: ReasoningWord.Gap.sentenceEnd.union(.comma))
    }
    return first.form == .text && second.form == .letter && !gap.isDisjoint(with: [.opening, .mark])
  }

  /// The standing of a letter behind whose full stop its option's text follows: "it isn't B. Contamination".
  private func standingBefore(_ index: Int, _ mentions: [OptionMention]) -> OptionMention.Standing? {
    guard index > 0, mentions[index].form == .text, mentions[index].standing == .concluded else { return nil }
    let letter = mentions[index - 1]
    guard letter.form == .letter, letter.option == mentions[index].option, letter.standing != .concluded,
      letter.words.upperBound == mentions[index].words.lowerBound,
      words[letter.words.upperBound].before.isDisjoint(with: [.question, .newline])
    else { return nil }
    return letter.standing
  }

  // MARK: Denials

  private func word(_ index: Int) -> ReasoningWord? { words.indices.contains(index) ? words[index] : nil }

  /// A negation in the same clause before the option, up to eight words away.
  private func isDeniedBefore(_ start: Int, end: Int, from limit: Int) -> Bool {
    var index = start
    while index > limit, start - index < 8 {
      // The gap in front of the word looked at last still belongs to the clause.
      if !words[index].before.isDisjoint(with: [.stop, .question, .newline, .colon, .comma]) { return false }
      index -= 1
      let roles = words[index].roles
      if !roles.isDisjoint(with: [.clause, .and]) { return false }
      if roles.contains(.ruling) {
        if words[index + 1].roles.contains(.out) || word(end)?.roles.contains(.out) == true { return true }
        continue
      }
      if roles.contains(.than) { return start - index <= 2 }
      if roles.contains(.negationWithOf) {
        if words[index + 1].roles.contains(.of) { return true }
        if roles.contains(.negation) { return true }
        continue
      }
      if roles.contains(.negation) {
        if index + 1 < start, !words[index + 1].roles.isDisjoint(with: [.undoing, .rejection]) {
          return false
        }
        return true
      }
      if roles.contains(.rejection), index + 1 < start, words[index + 1].roles.contains(.bridge) {
        return true
      }
    }
    return false
  }

  /// Something said of the option that rejects it: "B is wrong", "B does not fit", "B (incorrect)".
  private func isDeniedAfter(_ end: Int, until limit: Int) -> Bool {
    var index = end
    var sawVerb = false
    var negated = false
    while index < limit, index - end < 7 {
      let word = words[index]
      let clauseEnd: ReasoningWord.Gap = index == end ? [.stop, .question, .newline] : .clauseEnd
      if !word.before.isDisjoint(with: clauseEnd) { break }
      if word.before.contains(.comma), index > end, negated { break }
      let roles = word.roles
      if roles.contains(.rejection) {
        if index == end || sawVerb || !roles.isDisjoint(with: .afterLetter) { return !negated }
        break
      }
      if roles.contains(.ruling) {
        return sawVerb && !negated && words.indices.contains(index + 1)
          && words[index + 1].roles.contains(.out)
      }
      if roles.contains(.predicateNegation) {
        if !(sawVerb || roles.contains(.linking)) { break }
        negated = true
      } else if negated, roles.contains(.undoing) {
        return false
      } else if roles.contains(.clause), !roles.contains(.adverb) {
        break
      } else if roles.contains(.linking) {
        sawVerb = true
      } else if !roles.contains(.adverb) && !roles.contains(.article) {
        break
      }
      index += 1
    }
    return negated
  }

  // MARK: Questions and suppositions

  /// Words looked at in search of a sentence's end or beginning: texts without punctuation stay cheap.
  private static let reach = 100

  /// Whether the sentence around ends with a question mark.
  private func isAsked(_ from: Int) -> Bool {
    var index = from
    while index <= min(words.count, from + Self.reach) {
      let gap = index < words.count ? words[index].before : end
      if gap.contains(.question) { return true }
      if index == words.count || !gap.isDisjoint(with: [.stop, .newline]) { return false }
      index += 1
    }
    return false
  }

  /// "if …" or "whether …" in the same clause, or a leading "if …," before it.
  private func isSupposed(_ start: Int) -> Bool {
    var index = start
    var commas = 0
    while index > max(0, start - Self.reach) {
      if !words[index].before.isDisjoint(with: .clauseEnd) { return false }
      if words[index].before.contains(.comma) { commas += 1 }
      index -= 1
      let roles = words[index].roles
      if commas == 0, !roles.isDisjoint(with: .clause), !roles.contains(.condition) { return false }
      guard roles.contains(.condition) else { continue }
      if index > 0, words[index - 1].roles.contains(.asWord) { return false }
      if commas == 0 { return true }
      let leads =
        index <= 1 || !words[index].before.isDisjoint(with: .clauseEnd)
        || !words[index - 1].before.isDisjoint(with: .clauseEnd)
      return commas == 1 && leads && words[index].hash != ConclusionJudgement.whether
    }
    return false
  }

  private static let whether = ReasoningWord.hash(of: "whether")

  /// "B would require …", "B only if …".
  private func isSupposedAfter(_ end: Int, until limit: Int) -> Bool {
    for index in end..<min(limit, end + 4) {
      if !words[index].before.isDisjoint(with: .clauseEnd.union(.comma)) { return false }
      if words[index].roles.contains(.condition) { return !words[max(index - 1, 0)].roles.contains(.asWord) }
      if words[index].roles.contains(.would), index + 1 < limit, words[index + 1].roles.contains(.supposing) {
        return true
      }
    }
    return false
  }
}
