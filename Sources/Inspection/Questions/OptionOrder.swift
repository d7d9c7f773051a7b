/// In which order the options of a question are shown. A model that prefers a letter is favoured or harmed by the
/// published order; the paper's evaluation shuffles (section 4.2).
public enum OptionOrder: Sendable, Equatable {
  case published
  /// By lot, the same for a seed, picture and question wherever it is asked.
  case shuffled(seed: UInt64)

  /// The question as a model sees it.
  /// - Parameter picture: the sample's name.
  func shown(_ question: InspectionQuestion, of picture: String) -> ShownQuestion {
    switch self {
    case .published: return ShownQuestion(question: question, order: nil)
    case .shuffled(let seed):
      var random = SeededRandom(seed: seed, name: "options/\(picture)/\(question.text)", index: 0)
      return ShownQuestion(question, order: random.shuffled(Array(question.options.indices)))
    }
  }
}

/// A question with its options in the order a model sees them, and the way back.
struct ShownQuestion {
  /// Lettered A, B, C… in the order shown.
  let question: InspectionQuestion
  /// The published letters in the order shown; `nil` when that is the published order.
  let order: String?

  init(question: InspectionQuestion, order: String?) {
    self.question = question
    self.order = order
  }

  init(_ question: InspectionQuestion, order: [Int]) {
    let published = order.map { question.options[$0] }
    let options = AnswerOption.lettered(published.map(\.text))
    let answer = published.firstIndex { $0.letter == question.answer }
    self.question = InspectionQuestion(
      text: question.text, options: options, answer: answer.map { options[$0].letter }, type: question.type,
      publishedType: question.publishedType)
    self.order = published.map(\.letter).joined()
  }

  /// The published letter behind a shown one; a letter that no option carries stays itself.
  func published(_ letter: String) -> String {
    guard let order, let place = question.options.firstIndex(where: { $0.letter == letter }) else {
      return letter
    }
    return String(Array(order)[place])
  }
}
