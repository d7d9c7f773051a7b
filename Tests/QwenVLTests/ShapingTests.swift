import FoundationEssentials
import OrderedJSON
import QwenVL
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Truncation and penalties, against transformers' results in Tests/Golden/qwen-network/shaping.json.
@Suite struct ShapingTests {
  private struct Case {
    let temperature: Float
    let shaping: LogitShaping
    let logits: [Float]
    let occurred: Set<Int>
    let probabilities: [Float]

    init(_ json: JSON) throws {
      func floats(_ key: String) -> [Float] {
        (json[key]?.array ?? []).compactMap(\.double).map { Float($0) }
      }
      temperature = Float(try #require(json["temperature"]?.double))
      shaping = LogitShaping(
        topK: json["top_k"]?.int, topP: json["top_p"]?.double.map { Float($0) },
        minP: json["min_p"]?.double.map { Float($0) },
        repetitionPenalty: Float(try #require(json["repetition_penalty"]?.double)))
      logits = floats("logits")
      probabilities = floats("probabilities")
      occurred = Set((json["occurred"]?.array ?? []).compactMap(\.int))
    }
  }

  private func cases() throws -> [Case] {
    let bytes = try Data(contentsOf: URL(filePath: NetworkFixture.folder + "/shaping.json"))
    return try JSON(parsing: [UInt8](bytes)).array.map { try $0.map(Case.init) } ?? []
  }

  @Test("what is drawn, and with which probability, is what transformers leaves")
  func golden() throws {
    let cases = try cases()
    #expect(cases.count == 8)
    for known in cases {
      try known.shaping.validate()
      var sampler = TokenSampler(vocabulary: 32, temperature: known.temperature, shaping: known.shaping)
      var shares = [Double](repeating: 0, count: 32)
      let draws = 20_000
      for index in 0..<draws {
        let draw = try known.logits.withUnsafeBufferPointer {
          try sampler.draw($0, at: (Double(index) + 0.5) / Double(draws), occurred: known.occurred)
        }
        shares[draw.id] += 1 / Double(draws)
        #expect(abs(exp(draw.drawnLogProbability) - known.probabilities[draw.id]) < 1e-5)
      }
      for (share, expected) in zip(shares, known.probabilities) {
        #expect(abs(share - Double(expected)) < 1e-4)
      }
    }
  }

  @Test("however small a temperature is, one of the likeliest is drawn, with the probability it then has")
  func coldest() throws {
    let logits: [Float] = [1, 3, -2, 3, 2.999]
    for temperature in [1e-6, 1e-38, 1e-40, .leastNonzeroMagnitude] as [Float] {
      for shaping in [LogitShaping.none, LogitShaping(topK: 3), LogitShaping(topP: 0.9, minP: 0.1)] {
        var sampler = TokenSampler(vocabulary: 5, temperature: temperature, shaping: shaping)
        let draws = try [0.1, 0.9].map { uniform in
          try logits.withUnsafeBufferPointer { try sampler.draw($0, at: uniform) }
        }
        #expect(draws.map(\.id) == [1, 3], "\(temperature)")
        #expect(draws.allSatisfy { abs($0.drawnLogProbability - log(0.5)) < 1e-6 }, "\(temperature)")
      }
    }
  }

  @Test("the greedy choice takes the repetition penalty into account and nothing else")
  func greedy() throws {
    let logits: [Float] = [3, 2.5, -1, 2]
    func choice(_ shaping: LogitShaping) throws -> Int {
      var sampler = TokenSampler(vocabulary: 4, temperature: 0, shaping: shaping)
      return try logits.withUnsafeBufferPointer { try sampler.draw($0, at: 0, occurred: [0, 2]).id }
    }
    #expect(try choice(.none) == 0)
    #expect(try choice(LogitShaping(topK: 2, topP: 0.5)) == 0)
    #expect(try choice(LogitShaping(repetitionPenalty: 1.5)) == 1)
  }

  @Test("log-probabilities stay those of the policy, those of the draws are told beside them")
  func logProbabilities() throws {
    let model = try NetworkFixture.load()
    let prompt = try NetworkFixture.prompt()
    let completions = try model.generation(
      prompts: [prompt], completionsPerPrompt: 4,
      options: SamplingOptions(maxNewTokens: 6, temperature: 0.8, seed: 4, stopTokenIDs: []),
      shaping: LogitShaping(topK: 5, repetitionPenalty: 1.2)
    ).completions[0]
    let packed = try model.logProbabilities(prompt: prompt, completions: completions.map(\.ids))
    for (completion, expected) in zip(completions, packed) {
      #expect(NetworkFixture.largest(completion.logProbabilities, expected.values) < 1e-5)
      #expect(completion.drawnLogProbabilities.count == 6)
      #expect(completion.drawnLogProbabilities.allSatisfy { $0 <= 0 })
      #expect(completion.drawnLogProbabilities != completion.logProbabilities)
    }
    let plain = try model.generate(
      prompts: [prompt], options: SamplingOptions(maxNewTokens: 6, temperature: 1, seed: 4, stopTokenIDs: []))
    #expect(
      NetworkFixture.largest(plain[0][0].drawnLogProbabilities, plain[0][0].logProbabilities) < 1e-5)
  }

  @Test("values outside of their ranges are refused")
  func refusals() {
    for shaping in [
      LogitShaping(topK: 0), LogitShaping(topP: 0), LogitShaping(topP: 1.1), LogitShaping(minP: -0.1),
      LogitShaping(minP: .nan), LogitShaping(repetitionPenalty: 0), LogitShaping(repetitionPenalty: 1e-40),
    ] {
      #expect(throws: ModelError.self) { try shaping.validate() }
    }
  }
}
