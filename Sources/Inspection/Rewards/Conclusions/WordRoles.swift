/// What a word can do to an option named near it. English, as the prompts are.
struct WordRoles: OptionSet {
  let rawValue: UInt32

  static let article = WordRoles(rawValue: 1 << 0)
  /// "option", "choice": the next letter is one, the article's letter too.
  static let optionNoun = WordRoles(rawValue: 1 << 1)
  /// "answer": a letter may follow.
  static let answerNoun = WordRoles(rawValue: 1 << 2)
  /// "choose", "select": a capital letter after it is one.
  static let choosing = WordRoles(rawValue: 1 << 3)
  /// "is", "seems": joins an option with what is said of it.
  static let linking = WordRoles(rawValue: 1 << 4)
  /// Of the linking ones, those of a single subject.
  static let singular = WordRoles(rawValue: 1 << 5)
  /// A word that follows an option's letter but never an article.
  static let afterLetter = WordRoles(rawValue: 1 << 6)
  /// "not", "without", "unlike": rejects what follows in its clause.
  static let negation = WordRoles(rawValue: 1 << 7)
  /// Of the negations, those that follow their subject: "not", "isn't".
  static let predicateNegation = WordRoles(rawValue: 1 << 8)
  /// "wrong", "incorrect": said of an option, rejects it.
  static let rejection = WordRoles(rawValue: 1 << 9)
  /// "clearly", "therefore": may stand between an option and what is said of it.
  static let adverb = WordRoles(rawValue: 1 << 10)
  /// "but", "because": a new clause.
  static let clause = WordRoles(rawValue: 1 << 11)
  static let and = WordRoles(rawValue: 1 << 12)
  static let or = WordRoles(rawValue: 1 << 13)
  static let nor = WordRoles(rawValue: 1 << 14)
  /// "image", "figure": the letter behind it names a picture, not an option.
  static let labelled = WordRoles(rawValue: 1 << 15)
  static let condition = WordRoles(rawValue: 1 << 16)
  /// "only" after "not", "doubt" after "no": the negation rejects nothing.
  static let undoing = WordRoles(rawValue: 1 << 17)
  /// "rule", as in "rule out".
  static let ruling = WordRoles(rawValue: 1 << 18)
  static let out = WordRoles(rawValue: 1 << 19)
  /// "mean", "require" after "would": a hypothesis, not a conclusion.
  static let supposing = WordRoles(rawValue: 1 << 20)
  static let would = WordRoles(rawValue: 1 << 21)
  /// "defect", "damage": what the answer "No" denies.
  static let defect = WordRoles(rawValue: 1 << 22)
  /// "other", "further": "no other defects" denies none that was named.
  static let further = WordRoles(rawValue: 1 << 23)
  static let than = WordRoles(rawValue: 1 << 24)
  static let of = WordRoles(rawValue: 1 << 25)
  /// "free", "instead", "absence": negations only with "of" or "from".
  static let negationWithOf = WordRoles(rawValue: 1 << 26)
  static let shapeWord = WordRoles(rawValue: 1 << 27)
  /// "both", "either", "neither" and the like inside lists of options.
  static let listWord = WordRoles(rawValue: 1 << 28)
  static let asWord = WordRoles(rawValue: 1 << 29)
  /// "to", "be", "as": may stand between "answer" and a letter.
  static let bridge = WordRoles(rawValue: 1 << 30)

  static func of(_ hash: UInt64) -> WordRoles { lexicon[hash] ?? [] }

  private static let lexicon: [UInt64: WordRoles] = {
    var result: [UInt64: WordRoles] = [:]
    for (words, roles) in entries {
      for word in words.split(separator: " ") {
        result[ReasoningWord.hash(of: String(word)), default: []].formUnion(roles)
      }
    }
    return result
  }()

  private static let entries: [(String, WordRoles)] = [
    ("a an the", .article),
    ("option options choice choices letter letters alternative", [.optionNoun, .listWord]),
    ("answer answers solution conclusion", .answerNoun),
    ("choose chose chosen choosing select selects selected selecting pick picks picked picking", .choosing),
    ("go with prefer favor favour favors favours", .bridge),
    (
      "is was seems seemed looks looked appears appeared does did has isnt wasnt doesnt didnt hasnt",
      [
        .linking, .singular, .afterLetter,
      ]
    ),
    ("are were be been do have had can could should must would may might will", .linking),
    ("cannot cant couldnt shouldnt wouldnt wont arent werent dont havent hadnt", .linking),
    ("would could should must may might will cannot cant couldnt shouldnt wouldnt wont", .afterLetter),
    (
      "matches fits describes applies holds states says remains because since as and or nor but if therefore "
        + "instead which again corresponds reads contradicts fails vs versus so", .afterLetter
    ),
    (
      "not never no neither nor without unlike except excluding exclude excludes excluded eliminate eliminates "
        + "eliminated eliminating reject rejects rejected rejecting dismiss dismisses dismissed dismissing "
        + "discard discards discarded discarding discount discounted lack lacks lacking hardly against avoid "
        + "cannot cant isnt arent wasnt werent doesnt dont didnt wont wouldnt couldnt shouldnt hasnt havent aint",
      .negation
    ),
    (
      "not never no cannot cant isnt arent wasnt werent doesnt dont didnt wont wouldnt couldnt shouldnt hasnt "
        + "havent aint hardly", .predicateNegation
    ),
    (
      "wrong incorrect false invalid impossible unlikely improbable implausible excluded eliminated rejected "
        + "dismissed discarded inconsistent contradicted absent untrue unsupported irrelevant mistaken "
        + "inaccurate contradicts fails conflicts", .rejection
    ),
    (
      "clearly definitely therefore thus also probably likely obviously simply then just still certainly "
        + "surely however actually indeed really that which here", .adverb
    ),
    (
      "but so therefore hence thus however yet because since while whereas though although when where given "
        + "leaving leaves until", .clause
    ),
    ("and", .and), ("or", .or), ("nor", .nor),
    (
      "image images picture pictures figure fig photo sample panel view table section vitamin hepatitis "
        + "template reference appendix chapter plan usb step", .labelled
    ),
    ("if unless whether", .condition), ("as", .asWord),
    ("only just merely simply doubt question doubts", .undoing),
    ("rule rules ruled ruling", .ruling), ("out", .out),
    ("mean imply require need suggest show indicate have", .supposing), ("would", .would),
    (
      "defect defects anomaly anomalies damage damages flaw flaws fault faults abnormality abnormalities "
        + "imperfection imperfections irregularity irregularities problem problems issue issues", .defect
    ),
    ("other further more additional else", .further),
    ("than", .than), ("of from", .of), ("instead free absence lack different", .negationWithOf),
    ("shaped shape side sided like type sized", .shapeWord),
    ("either both neither even any also vs versus", .listWord),
    ("to be as is was are with for", .bridge),
  ]
}
