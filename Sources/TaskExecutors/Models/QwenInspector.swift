internal import Inspection
internal import QwenVL

/// Puts the domain's prompts to a loaded model, greedily.
struct QwenInspector: InspectionModel {
  let loaded: LoadedModel
  let seed: UInt64
  /// Asked between tokens; true ends decoding early.
  let isCancelled: () -> Bool

  mutating func replies(to prompts: [InspectionPrompt]) throws -> [InspectionReply] {
    let encoded = try prompts.map { try loaded.prompts.encode($0) }
    return try replies(to: prompts, encoded: encoded)
  }

  /// The same for prompts that have been encoded already.
  func replies(to prompts: [InspectionPrompt], encoded: [Prompt]) throws -> [InspectionReply] {
    guard !prompts.isEmpty else { return [] }
    let answers = AnswerTokens(letters: Self.letters(of: prompts), tokenizer: loaded.prompts.tokenizer)
    let longest = prompts.map(\.maxNewTokens).max() ?? 1
    try DecodingRoom.of(loaded.model).require(
      for: encoded, answers: 1, maxNewTokens: longest, of: loaded.model.configuration.text)
    let options = SamplingOptions(
      maxNewTokens: longest, temperature: 0, seed: seed,
      stopTokenIDs: loaded.stopTokenIDs, watchedTokenIDs: answers.ids)
    let completions = try loaded.model.generate(
      prompts: encoded, completionsPerPrompt: 1, options: options, reusing: loaded.keptImages,
      onStep: { _ in !isCancelled() })
    return zip(prompts, completions).map { prompt, completions in
      reply(completions[0], prompt: prompt, answers: answers)
    }
  }

  private func reply(
    _ completion: Completion, prompt: InspectionPrompt, answers: AnswerTokens
  ) -> InspectionReply {
    InspectionReply(
      text: loaded.prompts.tokenizer.decode(completion.ids), tokenCount: completion.ids.count,
      truncated: completion.finish == .length,
      answerLogProbabilities: answers.logProbabilities(of: completion, for: prompt.answerLetters))
  }

  private static func letters(of prompts: [InspectionPrompt]) -> [String] {
    var letters: [String] = []
    for letter in prompts.flatMap(\.answerLetters) where !letters.contains(letter) { letters.append(letter) }
    return letters
  }
}
