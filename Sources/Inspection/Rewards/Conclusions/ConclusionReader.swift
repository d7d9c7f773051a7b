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
/// and "the object is not defective" of "No"; the other way round where the question is ("Is the object free of
/// defects?", "Is this product normal?"), and of neither where "Yes" says nothing of defects as such ("Is the lid
/// closed?", "Is the defect deep?"). What it denies of a part ("no defect on the cap"), of other defects or
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
  ///
  /// - Parameter question: what the options answer; `nil` is the benchmark's "Is there any defect in the object?".
  public init(options: [AnswerOption], question: String? = nil) {
    let question = question.map { DefectQuestion($0) } ?? .yes(.present)
    self.init(options: options, question)
  }

  /// Prepares the options of a question. One about the presence of a defect whose words are not known asks whether
  /// there is one.
  public init(question: InspectionQuestion) {
    self.init(options: question.options, DefectQuestion(question))
  }

  private init(options: [AnswerOption], _ question: DefectQuestion) {
    scanner = OptionMentionScanner(options: options, question: question)
    letters = options.map(\.letter)
  }

  /// The letter a reasoning concludes on; `nil` without a conclusion.
  public func conclusion(of reasoning: String) -> String? {
    let (words, end) = ReasoningWord.words(of: reasoning)
    let judgement = ConclusionJudgement(words: words, end: end)
    var current: OptionMention?
    for mention in mentions(in: words, judgedBy: judgement) {
      switch mention.standing {
      case .concluded: current = mention
      case .denied: if current?.option == mention.option { current = nil }
      case .open: break
      }
    }
    guard let current, !isWithdrawn(current, judgement) else { return nil }
    return letters[current.option]
  }

  /// The letter an answer gives: a single letter of either case, punctuation aside, else the option it names by its
  /// letter, else the one it names in words.
  ///
  /// A letter that no option has is no answer, and neither are several options ("A, B"): what the answer is would
  /// be chosen by its reader.
  public func answerLetter(in answer: String) -> String? {
    let (words, end) = ReasoningWord.words(of: answer)
    if let first = words.first, first.letter != 0, words.allSatisfy({ $0.letter != 0 }) {
      // Nothing but letters: one, be it repeated, or several.
      let option = Int(scanner.letters[Int(first.letter & 0x5F) - 65])
      return option >= 0 && words.allSatisfy { $0.hash == first.hash } ? letters[option] : nil
    }
    let judgement = ConclusionJudgement(words: words, end: end)
    var named: [OptionMention] = []
    for mention in mentions(in: words, judgedBy: judgement) {
      switch mention.standing {
      case .concluded: named.append(mention)
      case .denied: named.removeAll { $0.option == mention.option }
      case .open: break
      }
    }
    if named.contains(where: { $0.form == .letter }) { named.removeAll { $0.form != .letter } }
    guard let last = named.last, named.allSatisfy({ $0.option == last.option }), !isWithdrawn(last, judgement)
    else { return nil }
    return letters[last.option]
  }

  private func mentions(in words: [ReasoningWord], judgedBy judgement: ConclusionJudgement) -> [OptionMention]
  {
    var mentions = scanner.mentions(in: words, end: judgement.end)
    judgement.judge(&mentions)
    return mentions
  }

  /// Whether a denial of defects is followed by one that is found.
  private func isWithdrawn(_ mention: OptionMention, _ judgement: ConclusionJudgement) -> Bool {
    mention.form == .statement && mention.option == scanner.absence
      && judgement.findsDefect(after: mention.words.upperBound)
  }
}
