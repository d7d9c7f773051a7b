import FoundationEssentials
import Inspection
import JobModel
import OrderedJSON
import QwenVL
import TaskExecutors

/// Spells out groups of answers as the queue or a rollout job keeps them: token numbers and names of prompts.
struct StoredGroups {
  private let source: PromptSource
  private let prompts: any PromptSet
  private let places: [PromptIdentity: Int]

  /// - Parameters:
  ///   - model: the folder whose tokenizer wrote the replies.
  ///   - prompts: those of the run's data; pictures may have gone since, the questions are in its index.
  init(model: String, prompts: any PromptSet) throws {
    source = try PromptSource(folder: model)
    self.prompts = prompts
    places = Dictionary(
      (0..<prompts.count).map { (prompts.identity(of: $0), $0) }, uniquingKeysWith: { first, _ in first })
  }

  /// The groups a rollout job has left in its folder.
  static func read(_ settings: RolloutSettings) throws -> [RolloutGroup] {
    let path = settings.output + "/groups.jsonl"
    guard let data = FileManager.default.contents(atPath: path) else {
      throw CommandError("\(path) is not there or cannot be read on this machine")
    }
    return try data.split(separator: UInt8(ascii: "\n")).enumerated().map { index, line in
      do {
        return try JSONDecoder().decode(RolloutGroup.self, from: Data(line))
      } catch {
        throw CommandError("\(path), line \(index + 1): \(error)")
      }
    }
  }

  private func place(of group: RolloutGroup) -> Int? {
    places[PromptIdentity(sample: group.prompt.sample, question: group.prompt.question)]
  }

  /// What the group's replies are scored against.
  /// - Throws: `RewardError` when the data set no longer has the prompt or it has no answer.
  func target(of group: RolloutGroup) throws -> RewardTarget {
    guard let place = place(of: group) else {
      throw RewardError(
        message: "the data set has no question \(group.prompt.question) of \(group.prompt.sample) any more")
    }
    // A box is measured in the picture as the model saw it, so the picture is looked at again.
    guard prompts.target != .option else { return try prompts.target(of: place, scale: (1, 1)) }
    return try prompts.target(of: place, scale: source.encode(prompts.prompt(of: place)).pictureScale)
  }

  func reply(_ answer: RolloutCompletion) -> String { source.tokenizer.decode(answer.tokens) }

  func text(_ group: RolloutGroup) -> String {
    var text = Style.bold("group \(group.ordinal)") + "  \(group.prompt.sample)\n"
    for image in group.prompt.images { text += Style.faint("  \(image.path)") + "\n" }
    if let place = place(of: group) {
      let (problem, answer) = prompts.text(of: place)
      for line in problem.split(separator: "\n") { text += "  \(line)\n" }
      text += "  " + Style.faint("right: ") + Style.green(answer ?? "unknown") + "\n"
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
    let known = place(of: group).map { prompts.text(of: $0) }
    return [
      "ordinal": .integer(Int(group.ordinal)), "behaviour_version": .integer(group.behaviourVersion),
      "sample": .string(group.prompt.sample), "images": .array(group.prompt.images.map { .string($0.path) }),
      "question": known.map { .string($0.problem) } ?? .null,
      "answer": known?.answer.map { .string($0) } ?? .null,
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
