/// Whether a denial is one of the whole object.
extension DefectStatementReader {
  /// Whether a denial leaves defects elsewhere: it is about a part, or excepts something.
  func isPartial(_ clause: DefectClause, at index: Int) -> Bool {
    isPartNamed(clause.start..<index) || isPartNamedAhead(of: clause.start) || isPartNamedAfter(index, clause)
  }

  private func isPart(_ index: Int, from start: Int) -> Bool {
    guard words[index].roles.contains(.part) else { return false }
    // "No part", "on all sides"; "the picture shows a bottle cap without defects".
    for before in max(start, index - 3)..<index {
      let word = words[before]
      if word.hash == Self.no || !word.roles.isDisjoint(with: [.universal, .nothing]) { return false }
      if word.roles.contains(.article), word.hash != Self.the { return false }
    }
    return true
  }

  private func isPartNamed(_ range: Range<Int>) -> Bool {
    range.contains { isPart($0, from: range.lowerBound) }
      && !range.contains { words[$0].roles.contains(.comparing) }
  }

  /// "On the left side, there are no defects", "apart from the scratch, there is no damage".
  private func isPartNamedAhead(of start: Int) -> Bool {
    guard start > 0, start < words.count, words[start].before.contains(.comma) else { return false }
    var first = start - 1
    while first > 0, start - first < Self.reach,
      words[first].before.isDisjoint(with: .clauseEnd.union(.comma))
    {
      first -= 1
    }
    if words[first].roles.contains(.exception) { return true }
    return !words[first].roles.isDisjoint(with: [.place, .asWord]) && isPartNamed(first..<start)
      || start - first == 1 && words[first].roles.contains(.part)
  }

  private func isPartNamedAfter(_ index: Int, _ clause: DefectClause) -> Bool {
    var isPlaced = false
    var isWhole = false
    var isSameClause = true
    for position in following(index, within: Self.reach) {
      let word = words[position]
      if word.roles.contains(.exception) { return true }
      if word.roles.contains(.further), self.word(position + 1)?.roles.contains(.than) == true { return true }
      if word.before.contains(.comma) || !word.roles.isDisjoint(with: [.clause, .and]) {
        isSameClause = false
      }
      guard isSameClause else { continue }
      if word.roles.contains(.universal), isPlaced { isWhole = true }
      if word.roles.contains(.part), isPlaced || word.roles.contains(.adverbless), !isWhole,
        isPart(position, from: index + 1)
      {
        return true
      }
      // "On the surface of the cap", "on the object's cap" are places on a part.
      let next = self.word(position + 1)
      if word.roles.contains(.whole), isPlaced, next?.roles.isDisjoint(with: [.of, .part]) ?? true {
        isWhole = true
      }
      if word.roles.contains(.place) { isPlaced = true }
    }
    // A place of unknown extent is a part where a contrast follows: "no defect on the flange, but …".
    let isSubject = clause.verb.map { $0.kind == .shows && !isPronoun($0.index - 1) } ?? false
    isWhole = isWhole || (clause.start..<index).contains { words[$0].roles.contains(.whole) }
    return !isWhole && (isPlaced || isSubject) && isContrasted(after: index)
  }

  private func isPronoun(_ index: Int) -> Bool {
    word(index)?.roles.isDisjoint(with: [.pronoun, .linking, .predicateNegation, .adverb]) == false
  }

  private func isContrasted(after index: Int) -> Bool {
    var isNext = false
    var sentence = index
    for position in index + 1..<max(index + 1, min(words.count, index + Self.reach)) {
      if !words[position].before.isDisjoint(with: .clauseEnd) {
        if isNext { return false }
        isNext = true
        sentence = position
      }
      if isNext, position - sentence > 5 { return false }
      if words[position].roles.contains(.contrast) { return true }
    }
    return false
  }
}
