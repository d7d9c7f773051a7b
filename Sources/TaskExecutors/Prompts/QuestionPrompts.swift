internal import Inspection
internal import JobModel

/// The questions of a data set in MMAD's layout.
struct QuestionPrompts: PromptSet {
  let evaluation: Evaluation
  let folder: String

  init(_ evaluation: Evaluation, folder: String) {
    self.evaluation = evaluation
    self.folder = folder
  }

  var count: Int { evaluation.items.count }
  var target: RewardName.Target? { .option }
  var asksForTags: Bool { evaluation.promptProtocol.reasons }

  var pictures: [String] {
    var seen: Set<Int> = []
    return evaluation.items.map(\.sample).filter { seen.insert($0).inserted }.map {
      evaluation.samples[$0].name
    }
  }

  /// One per question type and right answer.
  func stratum(of index: Int) -> String {
    let question = question(index)
    return "\(question.type.rawValue)/\(question.answer ?? "")"
  }

  func prompt(of index: Int) throws -> InspectionPrompt { try evaluation.prompt(of: index) }

  func identity(of index: Int) -> PromptIdentity {
    let item = evaluation.items[index]
    return PromptIdentity(sample: evaluation.samples[item.sample].name, question: item.question)
  }

  func target(of index: Int, scale: PictureScale) throws -> RewardTarget {
    try RewardTarget(question: question(index))
  }

  func reply(of index: Int, scale: PictureScale) throws -> String {
    let question = question(index)
    guard let answer = question.answer else {
      throw RewardError(message: "the question \"\(question.text)\" has no answer to imitate")
    }
    return evaluation.promptProtocol.reply(answering: answer)
  }

  func text(of index: Int) -> (problem: String, answer: String?) {
    let question = question(index)
    return (question.textWithOptions, question.answer)
  }

  private func question(_ index: Int) -> InspectionQuestion {
    let item = evaluation.items[index]
    return evaluation.samples[item.sample].questions[item.question]
  }
}
