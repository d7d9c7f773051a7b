/// What a clause says of defects as such: that there are some, or that there are none at all.
struct DefectStatement {
  enum Claim {
    case present, absent
  }

  let claim: Claim
  /// From the negation in front, if there is one, through the word for the defect.
  let words: Range<Int>
}

/// Reads what the clause around a word for a defect says: "there is a defect", "the object is not damaged".
///
/// It says nothing where the clause supposes, hedges or asks ("a defect would …", "there may be a defect"), where
/// it denies defects of a part alone ("no defect on the cap", "no other defects"), and in every form not known:
/// a defect named is not yet a defect found ("I look for defects").
struct DefectStatementReader {
  let words: [ReasoningWord]

  /// Words looked at on either side; sentences are shorter, and texts without punctuation stay cheap.
  static let reach = 16

  /// What is said at a word for a defect, a kind of it or its absence; the clause begins no earlier than `limit`.
  func statement(at index: Int, from limit: Int) -> DefectStatement? {
    let clause = clause(before: index, from: limit)
    guard !clause.isOpen, let claim = claim(of: clause, at: index) else { return nil }
    let start = clause.negations.last.map { min($0, index) } ?? index
    if claim == .absent, isPartial(clause, at: index) { return nil }
    return DefectStatement(claim: claim, words: start..<(index + 1))
  }

  // MARK: The claim

  private func claim(of clause: DefectClause, at index: Int) -> DefectStatement.Claim? {
    if words[index].roles.contains(.looseDefect),
      following(index, within: 5).contains(where: { words[$0].roles.contains(.circumstance) })
    {
      // "There is an issue with the lighting."
      return nil
    }
    if words[index].roles.contains(.sound) { return claimOfSoundness(clause, at: index) }
    if let next = word(index + 1), next.hash == Self.free, next.before.subtracting([.space, .hyphen]).isEmpty
    {
      guard clause.verb != nil || clause.being != nil else { return nil }
      switch clause.negations.count {
      case 0: return .absent
      case 1: return clause.verb?.kind == .predicate ? .present : nil
      default: return nil
      }
    }
    switch clause.negations.count {
    case 0: return claimUndenied(clause, at: index)
    case 1: return isDenied(clause, at: index) ? .absent : nil
    case 2:
      // "not without defects", "not free of defects"
      return words[clause.negations[0]].roles.contains(.lacking)
        && words[clause.negations[1]].roles.contains(.predicateNegation) ? .present : nil
    default: return nil
    }
  }

  /// "The object is intact", "the rim is not intact".
  private func claimOfSoundness(_ clause: DefectClause, at index: Int) -> DefectStatement.Claim? {
    guard let verb = clause.verb, verb.kind == .predicate, clause.determiner == nil else { return nil }
    switch clause.negations.count {
    case 0: return (clause.start..<verb.index).contains { words[$0].roles.contains(.whole) } ? .absent : nil
    case 1:
      // "isn't intact" is verb and negation in one.
      return (verb.index - 1...index).contains(clause.negations[0])
        && !words[clause.negations[0]].roles.contains(.nothing)
        ? .present : nil
    default: return nil
    }
  }

  private func claimUndenied(_ clause: DefectClause, at index: Int) -> DefectStatement.Claim? {
    let determiner = clause.determiner.map { words[$0].hash }
    if determiner == Self.any || clause.isPossible { return nil }
    if let verb = clause.verb, !clause.isObstructed {
      return words[index].roles.contains(.looseDefect) && verb.kind == .predicate ? nil : .present
    }
    guard clause.verb == nil, !words[index].roles.contains(.looseDefect) else { return nil }
    return claimOfVisibility(after: index, isDefinite: determiner == Self.the)
  }

  /// "Damage is visible", "defects cannot be seen", "the defect is on the rim".
  private func claimOfVisibility(after index: Int, isDefinite: Bool) -> DefectStatement.Claim? {
    var isLinked = false
    var isDenied = false
    for position in following(index, within: 6) {
      let roles = words[position].roles
      if !roles.isDisjoint(with: [.hedge, .than]) || words[position].before.contains(.comma) { return nil }
      if roles.contains(.predicateNegation) { isDenied = true }
      if roles.contains(.linking) {
        isLinked = true
      } else if words[position].hash == Self.absent, isLinked {
        isDenied.toggle()
        return isDenied && !isDefinite ? .absent : nil
      } else if roles.contains(.visible) {
        guard isLinked || roles.contains(.adverbless) else { return nil }
        return isDenied ? (isDefinite ? nil : .absent) : .present
      } else if isLinked, isDefinite, !isDenied, roles.contains(.place) {
        // "The defect is to the left", but "the defect is to be judged".
        return word(position + 1)?.roles.contains(.linking) ?? false ? nil : .present
      } else if roles.isDisjoint(with: [.adverb, .predicateNegation]) {
        return nil
      }
    }
    return nil
  }

  /// Whether the one negation of a clause denies defects.
  private func isDenied(_ clause: DefectClause, at index: Int) -> Bool {
    let negation = clause.negations[0]
    let roles = words[negation].roles
    guard !(negation + 1..<index).contains(where: { words[$0].roles.contains(.further) }) else {
      return false
    }
    if roles.contains(.nothing) { return true }
    if roles.contains(.lacking) { return !clause.isObstructed && isSaidOfSomething(negation, clause) }
    guard let verb = clause.verb else {
      // A "not" without a verb: "not a defect", "if not damaged".
      return isDeterminer(negation) && !clause.isObstructed
    }
    if isDeterminer(negation) {
      if verb.kind == .predicate, words[index].roles.contains(.defect) { return false }
      // "No part shows damage", but "no way that it is a defect".
      return negation > verb.index || words[negation + 1].roles.contains(.part)
    }
    let isDefinite = clause.determiner.map { words[$0].hash == Self.the } ?? false
    guard !isDefinite, !clause.isObstructed else { return false }
    switch verb.kind {
    case .exists: return negation > verb.index || isOpinion(negation, until: verb.index)
    case .shows:
      if words[verb.index].roles.contains(.indicating) { return false }
      return verb.index - negation <= 2 || isOpinion(negation, until: verb.index)
    case .predicate:
      // "The mark is not a defect" leaves other marks.
      guard clause.determiner == nil, words[index].roles.contains(.defective) else { return false }
      return negation > verb.index - 3 || isOpinion(negation, until: verb.index)
    }
  }

  private func isDeterminer(_ negation: Int) -> Bool {
    (words[negation].hash == Self.no && words[negation + 1].hash != Self.longer)
      || words[negation].roles.contains(.nor) || words[negation].hash == Self.neither
  }

  /// "I do not think there is a defect", "it does not seem that there is one".
  private func isOpinion(_ negation: Int, until verb: Int) -> Bool {
    negation < verb && (negation..<verb).contains { !words[$0].roles.isDisjoint(with: [.opinion, .seeming]) }
  }

  /// "The object is smooth, without defects", but "an object without defects is smooth".
  private func isSaidOfSomething(_ negation: Int, _ clause: DefectClause) -> Bool {
    if words[negation].hash != Self.without { return true }
    if negation == clause.start {
      return negation > 0 && words[negation].before.isDisjoint(with: .sentenceEnd)
    }
    return (clause.start..<negation).contains { !words[$0].roles.isDisjoint(with: [.being, .showing]) }
  }

  // MARK: Words

  /// The words after one in its sentence.
  func following(_ index: Int, within count: Int) -> Range<Int> {
    var last = index + 1
    while last < min(words.count, index + 1 + count), words[last].before.isDisjoint(with: .clauseEnd) {
      last += 1
    }
    return index + 1..<last
  }

  func word(_ index: Int) -> ReasoningWord? { words.indices.contains(index) ? words[index] : nil }

  static let absent = ReasoningWord.hash(of: "absent")
  static let any = ReasoningWord.hash(of: "any")
  static let can = ReasoningWord.hash(of: "can")
  static let doubt = ReasoningWord.hash(of: "doubt")
  static let free = ReasoningWord.hash(of: "free")
  static let had = ReasoningWord.hash(of: "had")
  static let least = ReasoningWord.hash(of: "least")
  static let longer = ReasoningWord.hash(of: "longer")
  static let neither = ReasoningWord.hash(of: "neither")
  static let no = ReasoningWord.hash(of: "no")
  static let the = ReasoningWord.hash(of: "the")
  static let theres = ReasoningWord.hash(of: "theres")
  static let to = ReasoningWord.hash(of: "to")
  static let with = ReasoningWord.hash(of: "with")
  static let without = ReasoningWord.hash(of: "without")
}
