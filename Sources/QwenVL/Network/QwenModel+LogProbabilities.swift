public import Tensors

/// A prompt and the completions whose probabilities are asked for.
public struct PromptCompletions {
  public let prompt: Prompt
  /// Token identifiers; an image_pad in a completion is a token like any other.
  public let completions: [[Int]]
  /// What `encodeImages` gave for the prompt's images; absent: computed, with history if vision is trained.
  public let imageFeatures: Tensor?

  public init(prompt: Prompt, completions: [[Int]], imageFeatures: Tensor? = nil) {
    self.prompt = prompt
    self.completions = completions
    self.imageFeatures = imageFeatures
  }
}

extension QwenModel {
  /// log π(o_t | q, o_<t) of every token of every completion of one prompt.
  /// - Returns: for each completion, [|o|]; differentiable.
  public func logProbabilities(
    prompt: Prompt, completions: [[Int]], imageFeatures: Tensor? = nil
  ) throws -> [Tensor] {
    try logProbabilities(batch: [
      PromptCompletions(prompt: prompt, completions: completions, imageFeatures: imageFeatures)
    ])[0]
  }

  /// The same for several prompts at once.
  public func logProbabilities(batch: [PromptCompletions]) throws -> [[Tensor]] {
    let packed = try packedLogProbabilities(batch: batch)
    var start = 0
    return batch.map { entry in
      entry.completions.map { completion in
        defer { start += completion.count }
        guard !completion.isEmpty else { return Tensor.zeros([0]) }
        return slicedRows(packed, start..<start + completion.count)
      }
    }
  }

  /// The log-probabilities of all completions, one after another in the order of the batch.
  ///
  /// One pass over every prompt with its completions behind it: a prompt, with its images, is computed once,
  /// forwards and backwards, for all of its completions. Logits are made for the completions' tokens alone.
  /// - Parameter recomputingLayers: keep only the layers' inputs for the backward pass, which computes the
  ///   layers again: less memory for about a third more time, and the same gradients bit by bit.
  /// - Returns: [Σ|o|] in the processor's memory, wherever the model computes; differentiable.
  public func packedLogProbabilities(
    batch: [PromptCompletions], recomputingLayers: Bool = false
  ) throws -> Tensor {
    let prompts = batch.map(\.prompt)
    try check(prompts)
    for entry in batch {
      for completion in entry.completions { try check(completion, "a completion") }
    }
    let (features, ofPrompt, rows) = try imageFeatures(of: batch, recomputingLayers)
    var pack = PackedPrompts(
      prompts, images: ofPrompt, features: rows, imageToken: configuration.imageTokenID)
    var reading: [Int] = []
    var targets: [Int] = []
    for (index, entry) in batch.enumerated() {
      for completion in entry.completions where !completion.isEmpty {
        // The prompt's last row predicts the first token; the last token predicts nothing that is asked for.
        reading.append(pack.lastRow(of: index))
        reading += pack.append(
          answer: completion.dropLast(), behind: index, from: entry.prompt.nextPosition)
        targets += completion
      }
    }
    guard !targets.isEmpty else { return Tensor.zeros([0]) }
    let hidden = decoder(
      embeddings(of: pack, features: features), try pass(for: pack, recomputingLayers: recomputingLayers),
      reading: reading)
    return try finite(
      headLogProbabilities(hidden, head: decoder.head, targets: targets).moved(to: nil), "log-probabilities")
  }

  /// The features of all prompts' images, given or computed: in one tensor, with the identity of every
  /// prompt's images and the rows of its image tokens.
  private func imageFeatures(
    of batch: [PromptCompletions], _ recomputingLayers: Bool
  ) throws -> (features: Tensor?, ofPrompt: [[Int]], rows: [[Int]]) {
    let images = DistinctImages(batch.map(\.prompt))
    guard !images.images.isEmpty else { return (nil, images.ofPrompt, images.featureRows) }
    if batch.allSatisfy({ $0.imageFeatures == nil }) {
      return (
        try encodeImages(images.images, recomputingLayers: recomputingLayers), images.ofPrompt,
        images.featureRows
      )
    }
    var parts: [Tensor] = []
    var rows: [[Int]] = []
    var start = 0
    for entry in batch {
      let part =
        try entry.imageFeatures.map { try checked($0, for: entry.prompt) }
        ?? encodeImages(entry.prompt.images, recomputingLayers: recomputingLayers)
      rows.append(Array(start..<start + part.shape[0]))
      start += part.shape[0]
      if part.shape[0] > 0 { parts.append(part) }
    }
    return (parts.count == 1 ? parts[0] : concatenatedRows(parts), images.ofPrompt, rows)
  }
}
