import QwenVL
import Tensors
import Testing

@Suite struct DecoderTests {
  static let completions = [[7, 60, 61, 89], [33], [2, 92, 4], [7, 60, 5]]

  @Test("packed log-probabilities equal those of one completion at a time")
  func packing() throws {
    let model = try NetworkFixture.load()
    let prompts = [
      try NetworkFixture.prompt(), try NetworkFixture.text([1, 2, 3]), try NetworkFixture.text([9]),
    ]
    let packed = try model.logProbabilities(
      batch: prompts.map { PromptCompletions(prompt: $0, completions: Self.completions) })
    for (prompt, entry) in zip(prompts, packed) {
      for (completion, together) in zip(Self.completions, entry) {
        let alone = try model.logProbabilities(prompt: prompt, completions: [completion])[0]
        #expect(NetworkFixture.largest(together.values, alone.values) < 1e-5)
      }
    }
  }

  @Test("gradients of a packed batch are the sum of the gradients of its parts")
  func gradientOfParts() throws {
    let prompts = [try NetworkFixture.prompt(), try NetworkFixture.text([1, 2, 3])]
    let together = try NetworkFixture.load(training: .all)
    sum(
      try together.packedLogProbabilities(
        batch: prompts.map { PromptCompletions(prompt: $0, completions: Self.completions) })
    ).backward()
    let apart = try NetworkFixture.load(training: .all)
    for prompt in prompts {
      for completion in Self.completions {
        sum(try apart.logProbabilities(prompt: prompt, completions: [completion])[0]).backward()
      }
    }
    for (a, b) in zip(together.parameters, apart.parameters) {
      let (left, right) = (try #require(a.tensor.gradient), try #require(b.tensor.gradient))
      #expect(NetworkFixture.distance(left.values, right.values) < 1e-3, "\(a.name)")
    }
  }

  @Test("prompts about the same images share their beginning without changing what each says")
  func sharedBeginning() throws {
    let first = try NetworkFixture.prompt()
    let second = try Prompt(ids: first.ids.dropLast(2) + [50, 51], images: first.images, imageTokenID: 92)
    let model = try NetworkFixture.load()
    let packed = try model.logProbabilities(
      batch: [first, second, first].map { PromptCompletions(prompt: $0, completions: Self.completions) })
    for (prompt, entry) in zip([first, second, first], packed) {
      let alone = try model.logProbabilities(prompt: prompt, completions: Self.completions)
      for (a, b) in zip(entry, alone) { #expect(NetworkFixture.largest(a.values, b.values) < 1e-5) }
    }
  }

  @Test("log-probabilities change when the image changes")
  func imageMatters() throws {
    let model = try NetworkFixture.load()
    let other = try NetworkFixture.prompt(images: NetworkFixture.images(seed: 77))
    let a = try model.logProbabilities(prompt: NetworkFixture.prompt(), completions: [[7, 60, 61]])[0]
    let b = try model.logProbabilities(prompt: other, completions: [[7, 60, 61]])[0]
    #expect(NetworkFixture.largest(a.values, b.values) > 1e-2)
  }

  @Test("image features handed in serve as those computed, and leave the vision tower alone")
  func givenFeatures() throws {
    let model = try NetworkFixture.load(training: .language)
    let prompt = try NetworkFixture.prompt()
    let features = try model.encodeImages(prompt.images)
    #expect(!features.requiresGradient)
    let given = try model.logProbabilities(
      prompt: prompt, completions: Self.completions, imageFeatures: features)
    let computed = try model.logProbabilities(prompt: prompt, completions: Self.completions)
    for (a, b) in zip(given, computed) { #expect(a.values == b.values) }
    sum(given[0]).backward()
    #expect(model.trainedParameters.allSatisfy { !$0.name.hasPrefix("model.visual.") })
    #expect(throws: ModelError.self) {
      try model.logProbabilities(prompt: prompt, completions: [[1]], imageFeatures: Tensor.zeros([3, 24]))
    }
  }

  @Test("tokens outside the vocabulary are refused")
  func refusals() throws {
    let model = try NetworkFixture.load()
    #expect(throws: ModelError.self) { try model.logits(NetworkFixture.text([96])) }
    #expect(throws: ModelError.self) { try model.logits(NetworkFixture.text([])) }
    #expect(throws: ModelError.self) {
      try model.logProbabilities(prompt: NetworkFixture.text([1]), completions: [[-1]])
    }
  }
}
