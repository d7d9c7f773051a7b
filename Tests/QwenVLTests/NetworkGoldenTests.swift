import QwenVL
import Tensors
import Testing

@Suite struct NetworkGoldenTests {
  @Test("positions equal the reference's")
  func positions() throws {
    let prompt = try NetworkFixture.prompt()
    let expected = try NetworkFixture.expected().integers(of: "position_ids")
    #expect(prompt.positions.flatMap { $0 } == expected)
    #expect(prompt.nextPosition == 17)
  }

  @Test("image features equal the reference's")
  func imageFeatures() throws {
    let features = try NetworkFixture.load().encodeImages(NetworkFixture.images())
    let expected = try NetworkFixture.expected()
    #expect(features.shape == [19, 24])
    #expect(NetworkFixture.distance(features.values, try expected.floats(of: "image_embeds")) < 1e-5)
  }

  @Test("logits equal the reference's")
  func logits() throws {
    let logits = try NetworkFixture.load().logits(NetworkFixture.prompt())
    let expected = try NetworkFixture.expected()
    let shape = try expected.shape(of: "logits")
    #expect(logits.shape == shape)
    #expect(NetworkFixture.distance(logits.values, try expected.floats(of: "logits")) < 1e-5)
  }

  @Test("greedy decoding takes the reference's tokens")
  func greedy() throws {
    let completions = try NetworkFixture.load().generate(
      prompts: [NetworkFixture.prompt()], options: SamplingOptions(maxNewTokens: 12, stopTokenIDs: [89]))
    let expected = try NetworkFixture.expected().integers(of: "greedy")
    #expect(completions[0][0].ids == expected)
    #expect(completions[0][0].finish == .length)
  }

  @Test("log-probabilities and gradients of every kind of parameter equal the reference's")
  func gradients() throws {
    let expected = try NetworkFixture.expected()
    let model = try NetworkFixture.load(training: .all)
    let current = try model.packedLogProbabilities(batch: [
      PromptCompletions(prompt: try NetworkFixture.prompt(), completions: [[7, 60, 61, 89], [33, 2]])
    ])
    #expect(NetworkFixture.largest(current.values, try expected.floats(of: "logprobs")) < 1e-5)
    weightedSum(current, weights: (1...6).map { Float($0) / 4 }).backward()

    let gradients = Dictionary(
      uniqueKeysWithValues: model.trainedParameters.map { ($0.name, $0.tensor.gradient) })
    let names = expected.names.filter { $0.hasPrefix("grad.") }
    #expect(names.count == 10)
    for name in names {
      let gradient = try #require(gradients[String(name.dropFirst(5))] ?? nil, "\(name)")
      #expect(NetworkFixture.distance(gradient.values, try expected.floats(of: name)) < 1e-4, "\(name)")
    }
    let patches = try #require(gradients["model.visual.patch_embed.proj.weight"] ?? nil)
    let norm = try expected.floats(of: "grad_norm.model.visual.patch_embed.proj.weight")[0]
    #expect(abs(Float(patches.squaredNorm.squareRoot()) / norm - 1) < 1e-4)
  }
}
