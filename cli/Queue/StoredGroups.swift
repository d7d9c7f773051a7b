import Inspection
import JobModel
import OrderedJSON
import QwenVL

/// Spells out groups of answers as the queue or a rollout job keeps them: token numbers and names of prompts.
struct StoredGroups {
  private let tokenizer: Tokenizer
  private let samples: [String: InspectionSample]

  /// - Parameters:
  ///   - model: the folder whose tokenizer wrote the replies.
  ///   - data: the data set the prompts come from; pictures may have gone since, the questions are in its index.
  init(model: String, data: String) throws {
    tokenizer = try Tokenizer(folder: model)
    let dataset = try MMADDataset(root: data, requiringImages: false)
    samples = Dictionary(dataset.samples.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
  }

  func question(_ group: RolloutGroup) -> InspectionQuestion? {
    guard let sample = samples[group.prompt.sample], sample.questions.indices.contains(group.prompt.question)
    else { return nil }
    return sample.questions[group.prompt.question]
  }

  func reply(_ answer: RolloutCompletion) -> String { tokenizer.decode(answer.tokens) }

  func text(_ group: RolloutGroup) -> String {
    var text = Style.bold("group \(group.ordinal)") + "  \(group.prompt.sample)\n"
    for image in group.prompt.images { text += Style.faint("  \(image.path)") + "\n" }
    if let question = question(group) {
      for line in question.textWithOptions.split(separator: "\n") { text += "  \(line)\n" }
      text += "  " + Style.faint("right: ") + Style.green(question.answer ?? "unknown") + "\n"
    }
    for answer in group.completions.sorted(by: { $0.reward > $1.reward }) {
      let parts = answer.parts.sorted { $0.key < $1.key }.map { "\($0.key) \(Format.fixed($0.value, 2))" }
      let cut = answer.finish == .length ? Style.yellow("  cut at the limit") : ""
      text +=
        "\n  " + Style.cyan(Format.fixed(answer.reward, 3))
        + Style.faint("  \(parts.joined(separator: ", "))  \(answer.tokens.count) tokens") + cut + "\n"
      for line in reply(answer).split(separator: "\n", omittingEmptySubsequences: false) {
        text += "    \(line)\n"
      }
    }
    return text
  }

  func json(_ group: RolloutGroup) -> JSON {
    let question = question(group)
    return [
      "ordinal": .integer(Int(group.ordinal)), "behaviour_version": .integer(group.behaviourVersion),
      "sample": .string(group.prompt.sample), "images": .array(group.prompt.images.map { .string($0.path) }),
      "question": question.map { .string($0.textWithOptions) } ?? .null,
      "answer": question?.answer.map { .string($0) } ?? .null,
      "replies": .array(
        group.completions.map { answer in
          [
            "text": .string(reply(answer)), "reward": .number(answer.reward),
            "parts": .object(
              answer.parts.sorted { $0.key < $1.key }.map { .init($0.key, .number($0.value)) }),
            "tokens": .integer(answer.tokens.count), "finish": .string(answer.finish.rawValue),
          ]
        }),
    ]
  }
}
