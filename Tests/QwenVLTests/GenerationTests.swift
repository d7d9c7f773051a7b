import QwenVL
import Tensors
import Testing

@Suite struct GenerationTests {
  static func options(temperature: Float = 1, longest: Int = 8) -> SamplingOptions {
    SamplingOptions(
      maxNewTokens: longest, temperature: temperature, seed: 11, stopTokenIDs: [85, 26],
      watchedTokenIDs: [5, 85])
  }

  @Test("log-probabilities of sampled tokens equal those of the packed pass, watched tokens included")
  func logProbabilities() throws {
    let model = try NetworkFixture.load()
    let prompt = try NetworkFixture.prompt()
    let completions = try model.generate(
      prompts: [prompt], completionsPerPrompt: 6, options: Self.options(temperature: 1.3))[0]
    let packed = try model.logProbabilities(prompt: prompt, completions: completions.map(\.ids))
    for (completion, expected) in zip(completions, packed) {
      #expect(NetworkFixture.largest(completion.logProbabilities, expected.values) < 1e-5)
      for step in completion.ids.indices {
        let instead = completion.ids[..<step] + [5]
        let other = try model.logProbabilities(prompt: prompt, completions: [Array(instead)])[0]
        #expect(abs(completion.watched[step][0] - other.values[step]) < 1e-5)
        if completion.ids[step] == 85 {
          #expect(completion.watched[step][1] == completion.logProbabilities[step])
        }
      }
    }
  }

  @Test("a completion ends with its stop token or at the longest length")
  func ends() throws {
    let model = try NetworkFixture.load()
    let completions = try model.generate(
      prompts: [NetworkFixture.prompt()], completionsPerPrompt: 32, options: Self.options())[0]
    #expect(Set(completions.map(\.finish)) == [.stop, .length])
    for completion in completions {
      let stop = completion.ids.firstIndex { [85, 26].contains($0) }
      #expect(completion.finish == (stop == nil ? .length : .stop))
      #expect(completion.ids.count == stop.map { $0 + 1 } ?? 8)
    }
  }

  @Test("the same seed gives the same completions, whichever others are in the batch")
  func composition() throws {
    let model = try NetworkFixture.load()
    let prompts = [
      try NetworkFixture.prompt(), try NetworkFixture.text([1, 2, 3]), try NetworkFixture.prompt(),
    ]
    let keys: [[UInt64]] = [[1, 2, 3], [4, 5, 6], [7, 8, 1]]
    let together = try model.generate(
      prompts: prompts, completionsPerPrompt: 3, seeds: keys, options: Self.options())
    for (prompt, (keys, completions)) in zip(prompts, zip(keys, together)) {
      for (key, completion) in zip(keys, completions) {
        let alone = try model.generate(prompts: [prompt], seeds: [[key]], options: Self.options())[0][0]
        #expect(alone.ids == completion.ids)
        #expect(NetworkFixture.largest(alone.logProbabilities, completion.logProbabilities) < 1e-5)
      }
    }
    #expect(together[0][0].ids == together[2][2].ids)
    let derived = try model.generate(prompts: prompts, completionsPerPrompt: 2, options: Self.options())
    let again = try model.generate(prompts: prompts, completionsPerPrompt: 2, options: Self.options())
    #expect(derived == again)
    #expect(derived[0] != derived[2])
  }

  @Test("cancelling keeps what was drawn and says so")
  func cancelling() throws {
    let model = try NetworkFixture.load()
    var steps: [Int] = []
    let completions = try model.generate(
      prompts: [try NetworkFixture.text([1, 2, 3])], completionsPerPrompt: 2,
      options: SamplingOptions(maxNewTokens: 50, stopTokenIDs: [])
    ) { progress in
      steps.append(progress.step)
      return progress.step < 4
    }[0]
    #expect(steps == [0, 2, 3, 4])
    #expect(completions.map(\.finish) == [.cancelled, .cancelled])
    #expect(completions.map(\.ids.count) == [4, 4])
  }

  @Test("draws follow the tempered distribution while log-probabilities stay the model's own")
  func temperature() throws {
    let logits: [Float] = [0, 1, 2, 3]
    var sampler = TokenSampler(vocabulary: 4, temperature: 2)
    var counts = [0, 0, 0, 0]
    let stream = SampleStream(key: 5)
    try logits.withUnsafeBufferPointer { logits in
      for step in 0..<20_000 {
        let draw = try sampler.draw(logits, at: stream.uniform(at: step))
        counts[draw.id] += 1
        #expect(abs(draw.logProbability - (Float(draw.id) - 3.4401897)) < 1e-5)
      }
    }
    let weights: [Double] = [1, 1.6487213, 2.7182818, 4.4816891]
    for (count, weight) in zip(counts, weights) {
      #expect(abs(Double(count) / 20_000 - weight / 9.8486922) < 0.015)
    }
  }

  @Test("logits that are not numbers are an error, not a token")
  func brokenLogits() {
    var sampler = TokenSampler(vocabulary: 2, temperature: 1)
    for logits in [[Float.nan, .nan], [0, .infinity], [-.infinity, -.infinity], [0, .nan]] {
      #expect(throws: ModelError.self) {
        try logits.withUnsafeBufferPointer { try sampler.draw($0, at: 0.5) }
      }
    }
  }
}
