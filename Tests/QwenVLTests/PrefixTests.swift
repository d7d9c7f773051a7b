import QwenVL
import Tensors
import Testing

/// What prompts begin with alike is computed once, and changes nothing.
@Suite struct PrefixTests {
  /// A prompt of texts and images; each image is preceded and followed by its marks.
  private func prompt(_ parts: [Part]) throws -> Prompt {
    var ids: [Int] = []
    var images: [ImagePatches] = []
    for part in parts {
      switch part {
      case .text(let seed, let count): ids += (0..<count).map { (seed * 13 + $0 * 7) % 88 }
      case .image(let seed):
        images.append(Self.image(seed))
        ids += [90] + [Int](repeating: 92, count: images[images.count - 1].tokenCount) + [91]
      }
    }
    return try Prompt(ids: ids, images: images, imageTokenID: 92)
  }

  private enum Part {
    case text(seed: Int, count: Int)
    case image(Int)
  }

  private static func image(_ seed: Int) -> ImagePatches {
    let values = (0..<6 * 8 * 1176).map { Float((seed * 999 + $0) * 7919 % 1009) / 504 - 1 }
    return ImagePatches(
      pixelValues: values, rows: 6, columns: 8, originalWidth: 112, originalHeight: 84, resizedWidth: 112,
      resizedHeight: 84, mergeSize: 2)
  }

  /// Questions on two images behind one reference image, other prompts, and prompts that are alike.
  private func prompts() throws -> [Prompt] {
    let system = Part.text(seed: 1, count: 20)
    return try [
      [system, .image(0), .image(1), .text(seed: 2, count: 30)],
      [system, .image(0), .image(1), .text(seed: 2, count: 18), .text(seed: 3, count: 5)],
      [.text(seed: 9, count: 3)],
      [system, .image(0), .image(2), .text(seed: 2, count: 30)],
      [system, .image(3), .image(1), .text(seed: 4, count: 4)],
      [system, .image(0), .image(1), .text(seed: 2, count: 30)],
      [.text(seed: 9, count: 3)],
      [system],
    ].map(prompt)
  }

  @Test("every prompt is answered as it would be alone")
  func generation() throws {
    let model = try NetworkFixture.load()
    let prompts = try prompts()
    let options = SamplingOptions(maxNewTokens: 4, temperature: 1, seed: 2, stopTokenIDs: [])
    let keys = prompts.indices.map { [UInt64($0), UInt64($0 + 50)] }
    let together = try model.generate(
      prompts: prompts, completionsPerPrompt: 2, seeds: keys, options: options)
    for (index, prompt) in prompts.enumerated() {
      let alone = try model.generate(
        prompts: [prompt], completionsPerPrompt: 2, seeds: [keys[index]], options: options)[0]
      for (a, b) in zip(together[index], alone) {
        #expect(a.ids == b.ids, "prompt \(index)")
        #expect(NetworkFixture.largest(a.logProbabilities, b.logProbabilities) < 1e-5, "prompt \(index)")
      }
    }
  }

  @Test("what is kept of a reference from one batch to the next changes nothing, until weights do")
  func kept() throws {
    let model = try NetworkFixture.load()
    let prompts = try prompts()
    let options = SamplingOptions(maxNewTokens: 4, temperature: 0, stopTokenIDs: [])
    func scores(_ kept: KeptImages?, _ chosen: [Int]) throws -> [[Float]] {
      try model.generate(prompts: chosen.map { prompts[$0] }, options: options, reusing: kept)
        .map { $0[0].logProbabilities }
    }
    func worst(_ a: [[Float]], _ b: [[Float]]) -> Float {
      zip(a, b).map { NetworkFixture.largest($0, $1) }.max() ?? .infinity
    }
    // Two references of which one is shown first, and room for both or for nothing.
    let (kept, none) = (KeptImages(), KeptImages(bytes: 0))
    for store in [kept, none] {
      for seed in [0, 3] { try store.keep(Self.image(seed), for: model) }
    }
    let batches = [[0], [1, 3], [4], [0, 4, 2], [5, 3, 1, 6, 7]]
    for batch in batches {
      #expect(try worst(scores(kept, batch), scores(nil, batch)) < 1e-5, "\(batch)")
    }
    // With other weights what was kept shows: it is used.
    let keys = try #require(model.parameters.first { $0.name.hasSuffix("layers.0.self_attn.k_proj.weight") })
    keys.tensor.scaleInPlace(by: 2)
    #expect(try worst(scores(kept, [0, 4]), scores(nil, [0, 4])) > 1e-4)
    #expect(try worst(scores(none, [0, 4]), scores(nil, [0, 4])) < 1e-5)
    kept.removeAll()
    for seed in [0, 3] { try kept.keep(Self.image(seed), for: model) }
    for batch in batches {
      #expect(try worst(scores(kept, batch), scores(nil, batch)) < 1e-5, "\(batch)")
    }
  }

  @Test("log-probabilities and gradients are those of the prompts alone")
  func training() throws {
    let prompts = try prompts()
    let completions = [[7, 60, 61], [33]]
    let together = try NetworkFixture.load(training: .all)
    sum(
      try together.packedLogProbabilities(
        batch: prompts.map { PromptCompletions(prompt: $0, completions: completions) })
    ).backward()
    let apart = try NetworkFixture.load(training: .all)
    for prompt in prompts {
      sum(
        try apart.packedLogProbabilities(batch: [PromptCompletions(prompt: prompt, completions: completions)])
      ).backward()
    }
    for (a, b) in zip(together.parameters, apart.parameters) {
      let (left, right) = (try #require(a.tensor.gradient), try #require(b.tensor.gradient))
      #expect(NetworkFixture.distance(left.values, right.values) < 1e-3, "\(a.name)")
    }
  }

  private static let images: [[Int]] = [[0, 1], [0, 1], [], [0, 2], [3, 1], [0, 1], [], []]

  @Test("common beginnings are there once: text, reference image, image and question")
  func sharing() throws {
    let prompts = try prompts()
    let prefixes = PromptPrefixes(prompts, images: Self.images, imageToken: 92)
    // Text but its last token, that and a mark, the reference and a mark, image and question, and the ends.
    let beginnings = [19, 2, 14, 31]
    let ends = [12, 5, 3, 43, 31, 12, 3, 1]
    #expect(prefixes.rowCount == (beginnings + ends).reduce(0, +))
    for (index, prompt) in prompts.enumerated() {
      let rows = prefixes.rows(of: index)
      #expect(rows.map(\.count).reduce(0, +) == prompt.ids.count)
      #expect(rows.last?.count == ends[index])
    }
    #expect(Set(prefixes.ends).count == prompts.count)
  }

  @Test("parts of a long batch follow each other without gaps")
  func parts() throws {
    let prefixes = PromptPrefixes(try prompts(), images: Self.images, imageToken: 92)
    let parts = prefixes.parts(of: 30)
    #expect(parts.count > 2)
    #expect(parts.flatMap { Array($0) } == Array(prefixes.nodes.indices))
    var row = 0
    for node in prefixes.nodes {
      #expect(node.firstRow == row)
      row += node.tokens.count
    }
    #expect(row == prefixes.rowCount)
  }
}
