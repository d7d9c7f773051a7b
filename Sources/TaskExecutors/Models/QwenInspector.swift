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
    let letters = Self.letters(of: prompts)
    let watched = loaded.prompts.letterIDs(letters) ?? []
    let longest = prompts.map(\.maxNewTokens).max() ?? 1
    try DecodingRoom.of(loaded.model).require(
      for: encoded, answers: 1, maxNewTokens: longest, of: loaded.model.configuration.text)
    let options = SamplingOptions(
      maxNewTokens: longest, temperature: 0, seed: seed,
      stopTokenIDs: loaded.stopTokenIDs, watchedTokenIDs: watched)
    let completions = try loaded.model.generate(
      prompts: encoded, completionsPerPrompt: 1, options: options, reusing: loaded.keptImages,
      onStep: { _ in !isCancelled() })
    return zip(prompts, completions).map { prompt, completions in
      reply(completions[0], prompt: prompt, letters: letters, watched: watched)
    }
  }

  private func reply(
    _ completion: Completion, prompt: InspectionPrompt, letters: [String], watched: [Int]
  ) -> InspectionReply {
    let tokenizer = loaded.prompts.tokenizer
    let position = watched.isEmpty ? nil : answerPosition(completion.ids, among: watched)
    return InspectionReply(
      text: tokenizer.decode(completion.ids), tokenCount: completion.ids.count,
      truncated: completion.finish == .length,
      answerLogProbabilities: position.map { row in
        prompt.answerLetters.map { letter in
          letters.firstIndex(of: letter).map { Double(completion.watched[row][$0]) } ?? -.infinity
        }
      })
  }

  /// Where the letter of the answer stands: the last token that is a letter, behind the last `<answer>` if there is
  /// one.
  private func answerPosition(_ ids: [Int], among letters: [Int]) -> Int? {
    let known = Set(letters)
    guard let last = ids.lastIndex(where: { known.contains($0) }) else { return nil }
    let before = loaded.prompts.tokenizer.decode(Array(ids[..<last]))
    guard before.contains("<answer>") || !before.contains("<think>") else { return nil }
    return last
  }

  private static func letters(of prompts: [InspectionPrompt]) -> [String] {
    var letters: [String] = []
    for letter in prompts.flatMap(\.answerLetters) where !letters.contains(letter) { letters.append(letter) }
    return letters
  }
}
