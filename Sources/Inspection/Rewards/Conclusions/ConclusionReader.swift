/// Reads the option that a reasoning concludes on; ROAM's t (paper, section 3.3).
///
/// A reasoning names an option by its letter ("option B", "(B)", "B.", "the answer is B") or by its text, case
/// and punctuation aside. The last naming that is a conclusion counts. No conclusions are:
/// - the article "A" or "a", a letter that names a picture ("image B") or a shape ("C-shaped");
/// - what is denied: "not B", "B is wrong", "rule out B", "rather than B", "no scratch";
/// - what is asked or supposed: "is it B?", "if it were B";
/// - several options left open: "A or B".
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
    ConclusionJudgement(words: words, end: end).judge(&mentions)
    var current: Int?
    for mention in mentions {
      switch mention.standing {
      case .concluded: current = mention.option
      case .denied: if current == mention.option { current = nil }
      case .open: break
      }
    }
    return current.map { letters[$0] }
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
