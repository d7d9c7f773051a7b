/// What a word can do to an option named near it. English, as the prompts are.
struct WordRoles: OptionSet {
  let rawValue: UInt64

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

  // What a clause says of defects; see ``DefectStatementReader``.

  /// "problem", "issue": of the defects, those that may be of the picture or the question.
  static let looseDefect = WordRoles(rawValue: 1 << 31)
  /// "defective", "damaged".
  static let defective = WordRoles(rawValue: 1 << 32)
  /// "intact", "normal": said of a whole, denies defects.
  static let sound = WordRoles(rawValue: 1 << 33)
  /// "scratch", "broken": a defect of some kind, or how the object is made.
  static let kind = WordRoles(rawValue: 1 << 34)
  /// "there", as in "there is".
  static let existential = WordRoles(rawValue: 1 << 35)
  /// Forms of "be", "look" and "seem".
  static let being = WordRoles(rawValue: 1 << 36)
  /// "has", "shows", "see": what follows is there.
  static let showing = WordRoles(rawValue: 1 << 37)
  /// Of the showing ones, those of who looks.
  static let seeing = WordRoles(rawValue: 1 << 38)
  static let visible = WordRoles(rawValue: 1 << 39)
  /// Of the visible and the parts, those that need no verb or preposition: "damage visible", "no damage elsewhere".
  static let adverbless = WordRoles(rawValue: 1 << 40)
  /// "appears", "likely": "to" behind it leads to a statement.
  static let seeming = WordRoles(rawValue: 1 << 41)
  /// "think": a negation in front of it is one of what is thought.
  static let opinion = WordRoles(rawValue: 1 << 42)
  /// "might", "says", "when": what follows is not stated.
  static let hedge = WordRoles(rawValue: 1 << 43)
  /// Prepositions.
  static let place = WordRoles(rawValue: 1 << 44)
  /// "cap", "left", "template": not the whole object.
  static let part = WordRoles(rawValue: 1 << 45)
  static let whole = WordRoles(rawValue: 1 << 46)
  /// "any", "all": what follows is no single part.
  static let universal = WordRoles(rawValue: 1 << 47)
  static let exception = WordRoles(rawValue: 1 << 48)
  static let contrast = WordRoles(rawValue: 1 << 49)
  static let comparing = WordRoles(rawValue: 1 << 50)
  /// "without", "free" of.
  static let lacking = WordRoles(rawValue: 1 << 51)
  static let nothing = WordRoles(rawValue: 1 << 52)
  /// "sign", "evidence" of.
  static let sign = WordRoles(rawValue: 1 << 53)
  /// "lighting", "question": not of the object.
  static let circumstance = WordRoles(rawValue: 1 << 54)
  static let pronoun = WordRoles(rawValue: 1 << 55)
  /// "wait" after "no": the word is an interjection.
  static let interjection = WordRoles(rawValue: 1 << 56)
  /// "potential": hedges what is stated, not what is denied.
  static let possible = WordRoles(rawValue: 1 << 57)
  /// "indicates": of the showing ones, those of a mark; "the spot does not indicate damage" leaves other spots.
  static let indicating = WordRoles(rawValue: 1 << 58)

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
        + "surely however actually indeed really that which here considered", .adverb
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
    ("problem problems issue issues", .looseDefect),
    ("defective damaged faulty flawed anomalous abnormal", .defective),
    ("intact normal undamaged flawless", .sound),
    (
      "scratch scratches scratched crack cracks cracked dent dents dented hole holes chip chips chipped stain stains "
        + "stained tear tears torn fracture fractures fractured broken bent deformed deformation missing "
        + "contamination contaminated rust corrosion corroded burr burrs puncture punctured discoloration "
        + "discolored misplaced misaligned crooked detached burnt burned", .kind
    ),
    ("there theres", .existential),
    (
      "is are was were be been being isnt arent wasnt werent looks look looked seems seem seemed appears appear "
        + "appeared remains remain exists exist", .being
    ),
    (
      "has have had having hasnt havent shows show showing showed contains contain containing exhibits exhibit "
        + "exhibiting displays display displaying reveals reveal revealing bears", .showing
    ),
    ("indicates indicate indicating suggests suggest suggesting", [.showing, .indicating]),
    (
      "see sees saw notice noticed notices find finds found detect detected observe observed identify identified "
        + "spot spotted", [.showing, .seeing]
    ),
    ("visible evident apparent noticeable", [.visible, .adverbless]),
    (
      "present seen found detected observed noticed identified clear obvious detectable located", .visible
    ),
    ("exists exist", [.visible, .adverbless]),
    ("appears appear appeared seems seem seemed looks look looked likely happens found", .seeming),
    ("think believe feel", .opinion),
    (
      "might may could would should possibly possibility perhaps maybe potentially says said say states stated "
        + "claims claim claimed asks ask asked asking check verify ensure determine decide suppose supposing assume "
        + "assuming imagine when whenever until once unclear unsure uncertain doubtful thought believed seemed appeared",
      .hedge
    ),
    ("possible potential suspected", .possible),
    (
      "on in at with near to around along of across inside within under over behind for from about throughout upon "
        + "between regarding concerning looking by", .place
    ),
    (
      "left right top bottom upper lower front side sides edge edges corner corners center centre middle half rim "
        + "neck cap lid label base handle head stem leg legs lead leads pin pins thread threads body shoulder wall "
        + "walls interior exterior inner outer seam seams border area region section portion part parts component "
        + "components spot rest remaining remainder first text print logo seal cover bristles wire wires wick shell "
        + "coating casing frame hinge button terminal terminals background template reference", .part
    ),
    ("elsewhere otherwise", .part), ("elsewhere otherwise", .adverbless),
    (
      "object objects image images picture pictures photo photos photograph product products item items sample "
        + "samples specimen surface piece unit whole entire", .whole
    ),
    ("any every all each both either entire whole anywhere throughout everywhere", .universal),
    ("except excluding apart aside besides beyond", .exception),
    ("but however although though whereas while yet", .contrast),
    ("compared compare comparing comparison like unlike", .comparing),
    ("without free absence lack lacks lacking", .lacking),
    ("none nothing nowhere zero", .nothing),
    ("sign signs evidence trace traces indication indications kind type form presence existence", .sign),
    ("lighting light quality resolution question options focus", .circumstance),
    ("it i we you this that one they he she", .pronoun),
    ("wait hold hang hmm sorry actually look let", .interjection),
  ]
}
