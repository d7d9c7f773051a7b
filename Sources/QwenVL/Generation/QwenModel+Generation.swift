import Tensors

extension QwenModel {
  /// Prompt rows that go through the decoder in one pass; a longer prompt goes alone.
  private static let rowsPerPrefill = 4096

  /// Completes prompts: all of them together, `n` times each.
  /// - Returns: for every prompt its completions; see `generation(prompts:…)`.
  public func generate(
    prompts: [Prompt], completionsPerPrompt n: Int = 1, seeds: [[UInt64]]? = nil, options: SamplingOptions,
    onStep: ((GenerationProgress) -> Bool)? = nil
  ) throws -> [[Completion]] {
    try generation(
      prompts: prompts, completionsPerPrompt: n, seeds: seeds, options: options, onStep: onStep
    ).completions
  }

  /// Completes prompts and says where the time went.
  ///
  /// Every distinct image is encoded once and every prompt computed once, whatever `n` is; then all sequences
  /// take their next token in one pass, and those that end leave the batch. What a completion becomes depends
  /// on its prompt and its key, up to float rounding, not on the others in the batch.
  /// - Parameters:
  ///   - seeds: the `SampleStream` key of every completion of every prompt; absent: derived from
  ///     `options.seed` and the indices of prompt and completion.
  ///   - onStep: called between the parts of the prefill and after every step; false ends decoding, and
  ///     sequences that had not ended finish as `.cancelled`.
  public func generation(
    prompts: [Prompt], completionsPerPrompt n: Int = 1, seeds: [[UInt64]]? = nil, options: SamplingOptions,
    onStep: ((GenerationProgress) -> Bool)? = nil
  ) throws -> Generation {
    guard n >= 1 else {
      throw ModelError.invalid("\(n) completions a prompt were asked for; at least 1 is needed")
    }
    try check(prompts)
    try options.validate(vocabulary: configuration.text.vocabularySize)
    if let seeds, seeds.count != prompts.count || seeds.contains(where: { $0.count != n }) {
      throw ModelError.invalid("seeds have to be \(n) keys for each of \(prompts.count) prompts")
    }
    let keys =
      seeds
      ?? prompts.indices.map { prompt in
        (0..<n).map { SampleStream.key(seed: options.seed, prompt: prompt, completion: $0) }
      }
    if prompts.isEmpty { return Generation(completions: [], seconds: Generation.Seconds()) }
    let model = parameters.contains { $0.tensor.requiresGradient } ? inference() : self
    return try model.decode(prompts, keys: keys, options: options, onStep: onStep ?? { _ in true })
  }

  private func decode(
    _ prompts: [Prompt], keys: [[UInt64]], options: SamplingOptions, onStep: (GenerationProgress) -> Bool
  ) throws -> Generation {
    let clock = ContinuousClock()
    var seconds = Generation.Seconds()
    var started = clock.now
    func elapsed() -> Double {
      defer { started = clock.now }
      return started.duration(to: clock.now) / .seconds(1)
    }

    let images = DistinctImages(prompts)
    let features = images.images.isEmpty ? nil : try encodeImages(images.images)
    seconds.vision = elapsed()

    let completionRows = keys.reduce(0) { $0 + $1.count } * options.maxNewTokens
    let promptRows = prompts.reduce(0) { $0 + $1.ids.count }
    let text = configuration.text
    let cache = KeyValueCache(
      layers: text.layers, capacity: promptRows + completionRows,
      width: text.keyValueHeads * text.headDimension)
    var batch = DecodingBatch(options: options)
    var cancelled = false
    var nextRow = 0
    for part in Self.prefillParts(prompts) {
      let pack = PackedPrompts(
        Array(prompts[part]), images: Array(images.ofPrompt[part]),
        features: Array(images.featureRows[part]), imageToken: configuration.imageTokenID, firstRow: nextRow)
      nextRow += pack.rowCount
      let hidden = decoder(
        embeddings(of: pack, features: features),
        try pass(for: pack, cache: cache, keyCount: cache.capacity),
        reading: pack.placements.map { $0.last - pack.firstRow })
      let logits = linear(hidden, weight: decoder.head)  // [prompts, vocabulary]
      for (row, prompt) in part.enumerated() {
        for key in keys[prompt] {
          batch.append(
            DecodingSequence(
              prompt: prompt, stream: SampleStream(key: key), promptRows: pack.placements[row].rows,
              firstRow: nextRow, firstPosition: prompts[prompt].nextPosition))
          nextRow += options.maxNewTokens
        }
      }
      let draws = part.enumerated().flatMap { row, prompt in keys[prompt].map { _ in row } }
      try batch.draw(from: logits, rows: draws)
      if !onStep(GenerationProgress(step: 0, running: batch.running.count, tokens: batch.tokens)) {
        cancelled = true
        break
      }
    }
    seconds.prefill = elapsed()

    while !cancelled, !batch.running.isEmpty {
      try batch.draw(from: try nextLogits(batch, cache: cache), rows: Array(batch.running.indices))
      cancelled = !onStep(
        GenerationProgress(step: batch.longest, running: batch.running.count, tokens: batch.tokens))
    }
    let completions = batch.completions(prompts: prompts.count, perPrompt: keys.map(\.count))
    seconds.decode = elapsed()
    return Generation(completions: completions, seconds: seconds)
  }

  /// The logits behind the newest token of every running sequence, [running, vocabulary].
  private func nextLogits(_ batch: DecodingBatch, cache: KeyValueCache) throws -> Tensor {
    let running = batch.running
    let pass = DecoderPass(
      angles: RotaryAngles(textPositions: running.map(\.newestPosition), frequencies: decoder.frequencies),
      layout: try SegmentLayout(
        segments: running.enumerated().map { row, sequence in
          SegmentLayout.Segment(
            queries: row..<row + 1,
            keys: (sequence.promptRows + [sequence.ownRows]).map {
              SegmentLayout.KeyRange($0, causal: false)
            })
        }, queryCount: running.count, keyCount: cache.capacity),
      cache: (cache, running.map(\.newestRow)))
    let hidden = decoder(embedding(decoder.embedding, ids: running.map(\.newestID)), pass)
    return linear(hidden, weight: decoder.head)
  }

  private static func prefillParts(_ prompts: [Prompt]) -> [Range<Int>] {
    var parts: [Range<Int>] = []
    var rows = 0
    for (index, prompt) in prompts.enumerated() {
      if let last = parts.last, rows + prompt.ids.count <= rowsPerPrefill {
        parts[parts.count - 1] = last.lowerBound..<index + 1
        rows += prompt.ids.count
      } else {
        parts.append(index..<index + 1)
        rows = prompt.ids.count
      }
    }
    return parts
  }
}
