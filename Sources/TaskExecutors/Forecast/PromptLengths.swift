internal import Inspection
package import JobModel
internal import PostTraining
internal import QwenVL

/// How long the prompts of a run are, from the first ones its stream meets.
package struct PromptLengths: Sendable {
  /// Prompts in the data.
  package let count: Int
  /// Prompts that were encoded.
  package let measured: Int
  package let mean: Double
  package let longest: Int
  /// Tokens of the pictures, mean over the prompts.
  package let pictureTokens: Double
  /// The most patches of one prompt's pictures.
  package let mostPatches: Int

  /// Encodes up to `most` prompts, pictures and all, as the run will.
  /// - Throws: what the run would fail with: a missing picture, a prompt that leaves no room for its answer.
  package init(of settings: TrainSettings, most: Int = 64) throws {
    let prompts = try PromptSets.open(settings)
    if settings.method == .grpo { try prompts.require(settings.reward) }
    let source = try PromptSource(folder: settings.model)
    let stream = PromptStream(
      strata: (0..<prompts.count).map { prompts.stratum(of: $0) }, seed: UInt64(settings.seed))
    var lengths: [Int] = []
    var pictures = 0
    var patches = 0
    for index in stream.indices(of: 0..<min(most, prompts.count)) {
      let prompt = try source.encode(prompts.prompt(of: index))
      lengths.append(prompt.ids.count)
      pictures += prompt.images.reduce(0) { $0 + $1.tokenCount }
      patches = max(patches, prompt.images.reduce(0) { $0 + $1.patchCount })
    }
    count = prompts.count
    measured = lengths.count
    mean = Double(lengths.reduce(0, +)) / Double(max(1, lengths.count))
    longest = lengths.max() ?? 0
    pictureTokens = Double(pictures) / Double(max(1, lengths.count))
    mostPatches = patches
  }
}
