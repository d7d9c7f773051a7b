import Inspection
import Randomness
import Testing

@Suite("Conclusions of a reasoning")
struct ConclusionReaderTests {
  @Test(
    "an option is named by its letter",
    arguments: [
      Sentence("The answer is B.", .yesNo, "B"),
      Sentence("the answer is b.", .yesNo, "B"),
      Sentence("So option B", .yesNo, "B"),
      Sentence("so option b fits best", .yesNo, "B"),
      Sentence("The correct choice is (B)", .yesNo, "B"),
      Sentence("(b) it is", .yesNo, "B"),
      Sentence("B. The lid is clean", .yesNo, "B"),
      Sentence("I would go with **B** here", .yesNo, "B"),
      Sentence("Answer: B", .yesNo, "B"),
      Sentence("answer:B", .yesNo, "B"),
      Sentence("Therefore, B is correct", .yesNo, "B"),
      Sentence("therefore A is correct", .yesNo, "A"),
      Sentence("Option A matches the picture", .yesNo, "A"),
      Sentence("option a", .yesNo, "A"),
      Sentence("The answer is A because of the crack", .yesNo, "A"),
      Sentence("I choose A for this picture", .yesNo, "A"),
      Sentence("I select “A”", .yesNo, "A"),
      Sentence("It must be A, given the crack", .yesNo, "A"),
      Sentence("D", .kinds, "D"),
      Sentence("The best description is C!", .kinds, "C"),
      Sentence("The answer should be **A**.", .yesNo, "A"),
      Sentence("A) fits", .yesNo, "A"),
    ])
  func namedByLetter(_ sentence: Sentence) { sentence.check() }

  @Test(
    "an option is named by its text, case and punctuation aside",
    arguments: [
      Sentence("I see a dark SCRATCH on the lid", .kinds, "A"),
      Sentence("Contamination!", .kinds, "D"),
      Sentence("The mark is at the top-left of the plate", .places, "A"),
      Sentence("The mark is on the left", .places, "B"),
      Sentence("Yes, the object is damaged", .yesNo, "A"),
      Sentence("The lid is clean, so no.", .yesNo, "B"),
      Sentence("There is no visible defect", .yesNo, "B"),
      Sentence("No defects can be seen", .yesNo, "B"),
      Sentence("It shows a hole in the middle", ["A hole in the middle.", "A dent."], "A"),
      Sentence("There is no defect", ["No defect.", "Crack."], "A"),
      Sentence("it doesn't belong here", ["It doesn’t belong here.", "Fine."], "A"),
      Sentence("Man sieht ÖL auf der Fläche", ["Öl.", "Kratzer."], "A"),
    ])
  func namedByText(_ sentence: Sentence) { sentence.check() }

  @Test(
    "the last conclusion wins",
    arguments: [
      Sentence("At first I thought option A, but looking again it is B.", .yesNo, "B"),
      Sentence("It might be A. On reflection the answer is C.", .kinds, "C"),
      Sentence("It looks like a scratch. Wait, it is a dent.", .kinds, "B"),
      Sentence(
        "Option A says scratch. Option B says dent. The mark is long and thin: a scratch.", .kinds, "A"),
      Sentence("A. Then B. Finally A.", .yesNo, "A"),
      Sentence("Option A at first, but it is clearly a dent", .kinds, "B"),
    ])
  func lastWins(_ sentence: Sentence) { sentence.check() }

  @Test(
    "an article is never a choice",
    arguments: [
      Sentence("A scratch is visible on the surface.", .yesNo, nil),
      Sentence("There is a small mark on a lid.", .yesNo, nil),
      Sentence("A", .yesNo, "A"),
      Sentence("A bottle with a broken rim", .yesNo, nil),
      Sentence("The answer is a matter of taste", .yesNo, nil),
      Sentence("A can is shown. A box too.", .yesNo, nil),
      Sentence("A rather deep mark", .yesNo, nil),
      Sentence("This is A small dot", .yesNo, nil),
      Sentence("A dent is visible, the answer is B", ["Hole.", "Dent."], "B"),
      Sentence("A close look shows A clear dent", .kinds, "B"),
    ])
  func articles(_ sentence: Sentence) { sentence.check() }

  @Test(
    "a negation is not a conclusion",
    arguments: [
      Sentence("It is not B.", .kinds, nil),
      Sentence("B is wrong.", .kinds, nil),
      Sentence("We can rule out B.", .kinds, nil),
      Sentence("We can rule B out.", .kinds, nil),
      Sentence("B can be ruled out", .kinds, nil),
      Sentence("B can be excluded", .kinds, nil),
      Sentence("B isn't right", .kinds, nil),
      Sentence("Option B does not fit the picture", .kinds, nil),
      Sentence("Option B clearly is not correct", .kinds, nil),
      Sentence("B (incorrect)", .kinds, nil),
      Sentence("B: wrong", .kinds, nil),
      Sentence("B cannot be right", .kinds, nil),
      Sentence("B is unlikely", .kinds, nil),
      Sentence("There is no scratch", .kinds, nil),
      Sentence("The lid shows no sign of a scratch", .kinds, nil),
      Sentence("It is free of contamination", .kinds, nil),
      Sentence("neither A nor B", .kinds, nil),
      Sentence("Neither a scratch nor a dent can be seen", .kinds, nil),
      Sentence("A and B are wrong", .kinds, nil),
      Sentence("A, B and C can be excluded", .kinds, nil),
      Sentence("It does not look like there is a scratch", .kinds, nil),
      Sentence("B is wrong, so A", .kinds, "A"),
      Sentence("It is not a dent but a scratch", .kinds, "A"),
      Sentence("It is not A, B or C, so it must be D", .kinds, "D"),
      Sentence("The answer is A, not B", .kinds, "A"),
      Sentence("C rather than B", .kinds, "C"),
      Sentence("Unlike A and C, B explains the mark", .kinds, "B"),
      Sentence("Not A. B.", .kinds, "B"),
      Sentence("Ruling out A leaves B", .kinds, "B"),
      Sentence("The answer is A, and B is wrong.", .kinds, "A"),
      Sentence("There is no doubt that it is a dent", .kinds, "B"),
      Sentence("It is not only a dent", .kinds, "B"),
      Sentence("B is not wrong", .kinds, "B"),
      Sentence("It is a scratch instead of a dent", .kinds, "A"),
      Sentence("The answer is B because there is no scratch", .kinds, "B"),
      Sentence("I first took it for B. But B is wrong.", .kinds, nil),
      Sentence("There is a scratch. The scratch is not deep.", .kinds, "A"),
      Sentence("Yes, a scratch; there are no other defects", .yesNo, "A"),
      Sentence("Yes, there is no doubt", .yesNo, "A"),
      Sentence("There are no scratches, but the rim is broken, so yes", .yesNo, "A"),
    ])
  func negations(_ sentence: Sentence) { sentence.check() }

  @Test(
    "questions, suppositions and open choices are not conclusions",
    arguments: [
      Sentence("Is it B?", .kinds, nil),
      Sentence("Could it be a scratch? No, it is a dent.", .kinds, "B"),
      Sentence("If the rim were broken, the answer would be A.", .kinds, nil),
      Sentence("I check whether there is a scratch", .kinds, nil),
      Sentence("It could be A or B.", .kinds, nil),
      Sentence("either a scratch or a dent", .kinds, nil),
      Sentence("A/B", .kinds, nil),
      Sentence("B would require a deep mark", .kinds, nil),
      Sentence("The options are A. Yes. B. No.", .yesNo, nil),
      Sentence("A. Scratch\nB. Dent\nC. Hole\nD. Contamination\n", .kinds, nil),
      Sentence("It looks as if option C is right", .kinds, "C"),
    ])
  func openEnds(_ sentence: Sentence) { sentence.check() }

  @Test(
    "letter and text of one option stand together",
    arguments: [
      Sentence(
        "The answer is C. Scratch. It isn't B. Contamination since there's no stain.",
        ["Dent.", "Contamination.", "Scratch.", "Hole."], "C"),
      Sentence(
        "The answer is C. It is not contamination (B).", ["Dent.", "Contamination.", "Scratch.", "Hole."], "C"
      ),
      Sentence(
        "It is D. B (contamination) is wrong.", ["Dent.", "Contamination.", "Scratch.", "Hole."], "D"),
      Sentence("It cannot be B: Contamination.", ["Dent.", "Contamination.", "Scratch.", "Hole."], nil),
      Sentence(
        "The answer is C. Scratch is not deep", ["Dent.", "Contamination.", "Scratch.", "Hole."], "C"),
      Sentence("B (No) is wrong.", .yesNo, nil),
      Sentence("It is not B: no.", .yesNo, nil),
      Sentence("It is B (No).", .yesNo, "B"),
    ])
  func lettersWithTexts(_ sentence: Sentence) { sentence.check() }

  @Test(
    "where letter and text of one phrase disagree the later naming counts, as between two sentences",
    arguments: [
      Sentence("The answer is Yes (B).", .yesNo, "B"),
      Sentence("So the answer is No (A)", .yesNo, "A"),
      Sentence("It is B (yes).", .yesNo, "A"),
      Sentence("It must be a dent (C).", .kinds, "C"),
      Sentence("The answer is Yes (A).", .yesNo, "A"),
    ])
  func contradictions(_ sentence: Sentence) { sentence.check() }

  @Test(
    "letters that name something else are no options",
    arguments: [
      Sentence("Image B is the query", .kinds, nil),
      Sentence("a C-shaped mark", .kinds, nil),
      Sentence("a C shaped mark", .kinds, nil),
      Sentence("It is 20 C warm", .kinds, nil),
      Sentence("Vitamin B", .kinds, nil),
      Sentence("The USB-C socket", .kinds, nil),
      Sentence("D'Artagnan", .kinds, nil),
      Sentence("E. The rest", .kinds, nil),
      Sentence("", .kinds, nil),
      Sentence("… — !?", .kinds, nil),
    ])
  func otherLetters(_ sentence: Sentence) { sentence.check() }

  @Test(
    "an answer is a letter of either case or names an option",
    arguments: [
      Sentence("b", .yesNo, "B"), Sentence(" (a) ", .yesNo, "A"), Sentence("B.", .yesNo, "B"),
      Sentence("B. No.", .yesNo, "B"), Sentence("Yes", .yesNo, "A"), Sentence("option a", .yesNo, "A"),
      Sentence("**B**", .yesNo, "B"), Sentence("D", .yesNo, nil), Sentence("", .yesNo, nil),
      Sentence("A Scratch", .kinds, "A"), Sentence("A or B", .kinds, nil),
      Sentence("\\boxed{C}", .kinds, "C"),
    ])
  func answers(_ sentence: Sentence) {
    let reader = ConclusionReader(options: AnswerOption.lettered(sentence.options))
    #expect(reader.answerLetter(in: sentence.text) == sentence.conclusion)
  }

  @Test("any bytes are read without harm, in time that grows with their number")
  func anyText() {
    let reader = ConclusionReader(options: AnswerOption.lettered(.kinds))
    var random = SplitMix64(seed: 7)
    let pieces = [
      "A", "B", " or ", ", ", "not ", "is ", "wrong", "?", ".", "\n", "é", "🙂", "’", "if ", "—", "(", ")",
      "dent",
      "\u{FFFD}", "no ", "rule ", "out ", "and ", "/", "-", "*", "\u{0}", "there ", "a ", "defect ",
      "damaged ",
      "free ", "of ", "without ", "broken ", "cap ", "on ", "the ", "but ", "doubt ", "intact ", "nor ",
      "other ",
      "than ", "apart ", "to ", "has ", "wait ", "(No) ",
    ]
    let binary = ConclusionReader(options: AnswerOption.lettered(.yesNo))
    for _ in 0..<4000 {
      let text = (0..<Int(random.next() % 40)).map { _ in pieces[Int(random.next() % UInt64(pieces.count))] }
      _ = reader.conclusion(of: text.joined())
      _ = binary.conclusion(of: text.joined())
    }
    _ = binary.conclusion(of: String(repeating: "there is a defect or no damage ", count: 20_000))
    _ = reader.conclusion(of: String(repeating: "not A or B, ", count: 20_000))
  }
}
