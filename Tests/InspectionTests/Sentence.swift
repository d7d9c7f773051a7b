import Inspection
import Testing

/// A sentence, the options it is about, and what it concludes on.
struct Sentence: Sendable, CustomTestStringConvertible {
  let text: String
  let options: [String]
  let conclusion: String?
  /// What the options answer; nil is the benchmark's question.
  let question: String?

  init(_ text: String, _ options: [String], _ conclusion: String?, question: String? = nil) {
    self.text = text
    self.options = options
    self.conclusion = conclusion
    self.question = question
  }

  var testDescription: String { text }

  func check() {
    let reader = ConclusionReader(options: AnswerOption.lettered(options), question: question)
    #expect(reader.conclusion(of: text) == conclusion, "\(question ?? "") \(text)")
  }
}

extension [String] {
  static let yesNo = ["Yes.", "No."]
  static let kinds = ["Scratch.", "Dent.", "Hole.", "Contamination."]
  static let places = ["Top left.", "Left.", "Bottom right.", "Center."]
}
