/// One multiple-choice question about a picture, in the words of the MMAD benchmark.
public struct SyntheticQuestion: Sendable, Equatable {
  /// The benchmark's name of the question's type, such as "Anomaly Detection".
  public let type: String
  public let text: String
  /// The options in order; their letters are A, B, C …
  public let options: [String]
  /// The right option's index.
  public let answer: Int

  public var answerLetter: String { SyntheticQuestion.letter(answer) }

  public static func letter(_ index: Int) -> String { ["A", "B", "C", "D", "E"][index] }
}

extension SyntheticDefect {
  /// How the defect looks.
  package var look: String {
    switch self {
    case .scratch: return "Thin bright line."
    case .crack: return "Dark jagged line."
    case .stain: return "Spot of another color."
    case .dent: return "Shaded hollow."
    case .missing: return "Gap in the edge."
    }
  }

  /// What the defect leads to.
  package var effect: String {
    switch self {
    case .scratch: return "It spoils the finish."
    case .crack: return "The part can break."
    case .stain: return "The part looks dirty."
    case .dent: return "The surface is not flat."
    case .missing: return "The part is not complete."
    }
  }

  /// The kind as an option.
  package var option: String {
    let words = self.words
    return words.prefix(1).uppercased() + words.dropFirst() + "."
  }
}

extension SyntheticPicture {
  /// The questions MMAD would ask about this picture: Anomaly Detection, Object Classification and Object
  /// Analysis of every picture, the four about the defect where there is one. The order of options is drawn
  /// by lot, so a letter alone tells nothing; only "Yes." and "No." keep the benchmark's order, and half of
  /// the pictures are good.
  package func questions(_ random: inout SeededRandom, among products: [SyntheticProduct])
    -> [SyntheticQuestion]
  {
    var questions = [
      SyntheticQuestion(
        type: "Anomaly Detection", text: "Is there any defect in the object?", options: ["Yes.", "No."],
        answer: isGood ? 1 : 0)
    ]
    if let defect, let location {
      let kinds = Array(random.shuffled(SyntheticDefect.allCases.filter { $0 != defect }).prefix(3))
      questions.append(
        question(
          "Defect Classification", "There is a defect in the object. What is the type of the defect?",
          defect.option, kinds.map(\.option), &random))
      let places = random.shuffled(SyntheticPicture.locations.filter { $0 != location }).prefix(3)
      questions.append(
        question(
          "Defect Localization", "There is a defect in the object. Where is the defect?",
          SyntheticPicture.placeOption(location), places.map(SyntheticPicture.placeOption), &random))
      questions.append(
        question(
          "Defect Description",
          "There is a defect in the object. What is the appearance of the defect?", defect.look,
          kinds.map(\.look), &random))
      questions.append(
        question(
          "Defect Analysis", "There is a defect in the object. What is the effect of the defect?",
          defect.effect, kinds.map(\.effect), &random))
    }
    let classes = random.shuffled(products.filter { $0 != product }).prefix(3)
    questions.append(
      question(
        "Object Classification", "What kind of product is in the image?", product.option,
        classes.map(\.option), &random))
    let colours = random.shuffled(SyntheticColour.allCases.filter { $0 != colour }).prefix(3)
    questions.append(
      question(
        "Object Analysis", "What is the color of the object?", colour.option, colours.map(\.option),
        &random))
    return questions
  }

  private func question(
    _ type: String, _ text: String, _ right: String, _ wrong: [String],
    _ random: inout SeededRandom
  ) -> SyntheticQuestion {
    let options = random.shuffled([right] + wrong)
    return SyntheticQuestion(
      type: type, text: text, options: options, answer: options.firstIndex(of: right) ?? 0)
  }

  /// A place as an option.
  package static func placeOption(_ location: String) -> String { capitalised(location) + "." }
}

extension SyntheticProduct {
  package var option: String { capitalised(rawValue) + "." }
}

extension SyntheticColour {
  package var option: String { capitalised(rawValue) + "." }
}

/// The words with a capital first letter.
package func capitalised(_ words: String) -> String { words.prefix(1).uppercased() + words.dropFirst() }
