/// Reads the option that a reasoning concludes on; ROAM's t (paper, section 3.3).
///
/// A reasoning names an option by its letter ("option B", "(B)", "B.", "the answer is B") or by its text, case
/// and punctuation aside. The last naming that is a conclusion counts. No conclusions are:
/// - the article "A" or "a", a letter that names a picture ("image B") or a shape ("C-shaped");
/// - what is denied: "not B", "B is wrong", "rule out B", "rather than B", "no scratch";
/// - what is asked or supposed: "is it B?", "if it were B";
/// - several options left open: "A or B".
///
/// Where the options are "Yes" and "No", as of "Is there any defect in the object?", what a reasoning states of
/// defects as such is a naming too: "there is a defect" and "the rim is damaged" of "Yes", "there are no defects"
/// and "the object is not defective" of "No". What it denies of a part ("no defect on the cap"), of other defects or
/// with an exception names neither, and a denial behind which a defect of some kind is found ("no defects. The neck
/// is cracked") is withdrawn.
///
/// A phrase whose text and letter disagree, "Yes (B)", names both: the later one, mostly the letter, which is what an
/// answer gives, counts.
///
/// A conclusion that is later denied by name is withdrawn. The reader knows English and is tolerant: what it
/// does not recognise as a denial counts as a conclusion. It scans bytes once, with no regular expressions.
public struct ConclusionReader: Sendable {
  private let scanner: OptionMentionScanner
  private let letters: [String]

  /// Prepares the options; one reader serves any number of replies.
  public init(options: [AnswerOption]) {
    scanner = OptionMentionScanner(options: options)
    letters = options.map(\.letter)
  }

  /// The letter a reasoning concludes on; `nil` without a conclusion.
  public func conclusion(of reasoning: String) -> String? {
    let (words, end) = ReasoningWord.words(of: reasoning)
    var mentions = scanner.mentions(in: words, end: end)
    guard !mentions.isEmpty else { return nil }
    let judgement = ConclusionJudgement(words: words, end: end)
    judgement.judge(&mentions)
    var current: OptionMention?
    for mention in mentions {
      switch mention.standing {
      case .concluded: current = mention
      case .denied: if current?.option == mention.option { current = nil }
      case .open: break
      }
    }
    guard let current else { return nil }
    if current.form == .statement, current.option == scanner.absence,
      judgement.findsDefect(after: current.words.upperBound)
    {
      return nil
    }
    return letters[current.option]
  }

  /// The letter an answer gives: a single letter of either case, punctuation aside, else as a conclusion.
  ///
  /// A letter that no option has is no answer.
  public func answerLetter(in answer: String) -> String? {
    let (words, _) = ReasoningWord.words(of: answer)
    if words.count == 1, words[0].letter != 0 {
      let option = Int(scanner.letters[Int(words[0].letter & 0x5F) - 65])
      return option >= 0 ? letters[option] : nil
    }
    return conclusion(of: answer)
  }
}
