/// What stands in a clause before a word for a defect.
struct DefectClause {
  enum Verb {
    /// "there is a defect"
    case exists
    /// "it has a defect", "I see a defect"
    case shows
    /// "it is a defect", "it is damaged"
    case predicate
  }

  var start: Int
  var verb: (kind: Verb, index: Int)?
  var being: Int?
  var determiner: Int?
  /// Nearest to the word first.
  var negations: [Int] = []
  /// A preposition keeps the verb from the word: "it has marks for defects".
  var isObstructed = false
  var followsWith = false
  /// "a potential defect"
  var isPossible = false
  /// Hedged, supposed, attributed: no claim.
  var isOpen = false
}

extension DefectStatementReader {
  /// Reads back from a word to the beginning of its clause, no further than `limit`.
  func clause(before word: Int, from limit: Int) -> DefectClause {
    var clause = DefectClause(start: word)
    var index = word
    while index > max(limit, word - Self.reach) {
      let gap = words[index].before
      if !gap.isDisjoint(with: .clauseEnd) { break }
      if !gap.isDisjoint(with: [.comma, .opening, .closing]),
        clause.verb != nil || !joinsList(index, before: word)
      {
        break
      }
      let roles = words[index - 1].roles
      if roles.contains(.condition) { break }
      if !roles.isDisjoint(with: [.and, .or]), clause.verb != nil || !continuesList(index - 1) { break }
      let isAside =
        roles.contains(.adverb) && index > 1 && words[index - 2].roles.contains(.being)
        && words[index].before == .space
      if roles.contains(.clause), !isAside {
        if roles.contains(.hedge) { clause.isOpen = true }
        break
      }
      index -= 1
      note(index, before: word, in: &clause)
    }
    clause.start = index
    if index == limit, index > 0, clause.verb == nil, clause.negations.isEmpty,
      words[index].before.contains(.comma) || !words[index].roles.isDisjoint(with: [.and, .or, .nor])
    {
      // The end of a list that a statement was read from: "no defects or damage".
      clause.isOpen = true
    }
    return clause
  }

  /// Whether a comma in front of a word parts members of a list: "no scratches, dents, or defects", "a small, dark
  /// flaw".
  private func joinsList(_ index: Int, before word: Int) -> Bool {
    let listed: WordRoles = [.defect, .defective, .kind, .visible]
    if index < word, index > 1, words[index].roles.isDisjoint(with: .negation),
      words[index - 2].roles.contains(.article) || words[index - 2].hash == Self.no
    {
      return true
    }
    return !words[index].roles.isDisjoint(with: [.and, .or, .nor])
      || (!words[index].roles.isDisjoint(with: listed) && !words[index - 1].roles.isDisjoint(with: listed))
  }

  private func continuesList(_ conjunction: Int) -> Bool {
    conjunction > 0 && !words[conjunction - 1].roles.isDisjoint(with: [.defect, .defective, .kind, .visible])
  }

  private func note(_ index: Int, before word: Int, in clause: inout DefectClause) {
    let roles = words[index].roles
    if !roles.isDisjoint(with: [.hedge, .than]) || words[index].hash == Self.doubt && !isDoubtDenied(index) {
      clause.isOpen = true
    }
    if roles.contains(.possible) { clause.isPossible = true }
    noteNegation(index, in: &clause)
    if clause.determiner == nil, clause.verb == nil, !clause.isObstructed, !clause.followsWith,
      roles.contains(.article) || words[index].hash == Self.any
    {
      clause.determiner = index
    }
    if roles.contains(.existential) {
      if clause.being != nil || words[index].hash == Self.theres, clause.verb?.kind != .shows {
        clause.verb = (.exists, index)
      }
      // "Had there been a defect, …"
      if index > 0, words[index - 1].hash == Self.had { clause.isOpen = true }
      return
    }
    if words[index].hash == Self.to, clause.verb?.index == index + 1 || clause.being == index + 1 {
      // "It appears to have a defect" is said of it; "to find a defect" is an aim.
      if index == 0 || !words[index - 1].roles.contains(.seeming) { clause.isOpen = true }
      return
    }
    if roles.contains(.place), clause.verb == nil, !clause.followsWith {
      notePlace(index, in: &clause)
    } else if roles.contains(.showing), clause.verb == nil, !clause.isObstructed, !isIdle(index) {
      clause.verb = (.shows, index)
    } else if roles.contains(.being) {
      if clause.being == nil { clause.being = index }
      if clause.verb == nil, isPredicate(index, of: word, clause) { clause.verb = (.predicate, index) }
    }
  }

  private func notePlace(_ index: Int, in clause: inout DefectClause) {
    if words[index].hash == Self.with {
      clause.followsWith = true
    } else if words[index + 1].hash == Self.least {
      // "At least one defect" is one.
    } else if !(words[index].roles.contains(.of) && index > 0
      && !words[index - 1].roles.isDisjoint(with: [.sign, .lacking, .nothing]))
    {
      clause.isObstructed = true
    }
  }

  /// "can have defects", "does have": the general, not the picture.
  private func isIdle(_ index: Int) -> Bool {
    index > 0 && words[index - 1].hash == Self.can && !words[index].roles.contains(.seeing)
  }

  private func isPredicate(_ verb: Int, of word: Int, _ clause: DefectClause) -> Bool {
    if let determiner = clause.determiner {
      return (verb + 1..<determiner).allSatisfy {
        !words[$0].roles.isDisjoint(with: [.adverb, .negation, .undoing])
      }
    }
    let isNoun = words[word].roles.contains(.defect)
    let strange = (verb + 1..<word).count {
      words[$0].roles.isDisjoint(with: [.adverb, .negation, .further, .undoing])
    }
    return strange <= (isNoun ? 0 : 2)
  }

  private func noteNegation(_ index: Int, in clause: inout DefectClause) {
    let roles = words[index].roles
    if roles.contains(.nothing) {
      clause.negations.append(index)
    } else if roles.contains(.lacking) {
      if roles.contains(.negation) || words[index + 1].roles.contains(.of) { noteDenial(index, in: &clause) }
    } else if roles.contains(.negationWithOf) {
      if words[index + 1].roles.contains(.of) { clause.isOpen = true }
    } else if roles.contains(.predicateNegation) || roles.contains(.nor) || words[index].hash == Self.neither
    {
      noteDenial(index, in: &clause)
    } else if roles.contains(.negation) || (roles.contains(.rejection) && clause.verb != nil) {
      // "I reject that …", "it is wrong that …"
      clause.isOpen = true
    }
  }

  private func isDoubtDenied(_ index: Int) -> Bool {
    index > 0 && !words[index - 1].roles.isDisjoint(with: [.negation, .article])
  }

  /// "No doubt", "without a doubt" and "not only" deny nothing.
  private func noteDenial(_ index: Int, in clause: inout DefectClause) {
    let next = words[index + 1].roles
    if next.contains(.undoing) || (next.contains(.article) && words[index + 2].roles.contains(.undoing)) {
      return
    }
    // "Neither … nor …" denies once.
    if words[index].hash == Self.neither, !clause.negations.isEmpty { return }
    clause.negations.append(index)
  }
}
