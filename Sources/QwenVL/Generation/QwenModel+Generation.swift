import Tensors

extension QwenModel {
  /// Prompt rows that go through the decoder in one pass; a longer beginning or prompt goes alone.
  private static let rowsPerPrefill = 4096

  /// Completes prompts with draws from the policy as it is: all of them together, `n` times each.
  /// - Returns: for every prompt its completions; see `generation(prompts:…)`.
  public func generate(
    prompts: [Prompt], completionsPerPrompt n: Int = 1, seeds: [[UInt64]]? = nil, options: SamplingOptions,
    reusing kept: KeptImages? = nil, onStep: ((GenerationProgress) -> Bool)? = nil
  ) throws -> [[Completion]] {
    try generation(
      prompts: prompts, completionsPerPrompt: n, seeds: seeds, options: options, reusing: kept, onStep: onStep
    ).completions
  }

  /// Completes prompts and says where the time went.
  ///
  /// Every distinct image is encoded once, what prompts begin with alike is computed once, and every prompt once
  /// whatever `n` is; then all sequences take their next token in one pass, and those that end leave the batch.
  /// What a completion becomes depends on its prompt and its key, up to float rounding, not on the others in the
  /// batch.
  /// - Parameters:
  ///   - seeds: the `SampleStream` key of every completion of every prompt; absent: derived from
  ///     `options.seed` and the indices of prompt and completion.
  ///   - shaping: what is cut off or penalised before a token is drawn, for readers; answers that are trained on
  ///     are drawn without.
  ///   - kept: images that have been kept: neither their features are computed again nor, where prompts begin with
  ///     them, their keys and values.
  ///   - onStep: called between the parts of the prefill and after every step, with the tokens just drawn; false
  ///     ends decoding, and sequences that had not ended finish as `.cancelled`.
  public func generation(
    prompts: [Prompt], completionsPerPrompt n: Int = 1, seeds: [[UInt64]]? = nil, options: SamplingOptions,
    shaping: LogitShaping = .none, reusing kept: KeptImages? = nil,
    onStep: ((GenerationProgress) -> Bool)? = nil
  ) throws -> Generation {
    guard n >= 1 else {
      throw ModelError.invalid("\(n) completions a prompt were asked for; at least 1 is needed")
    }
    try check(prompts)
    try options.validate(vocabulary: configuration.text.vocabularySize)
    try shaping.validate()
    if let seeds, seeds.count != prompts.count || seeds.contains(where: { $0.count != n }) {
      throw ModelError.invalid("seeds have to be \(n) keys for each of \(prompts.count) prompts")
    }
    let keys =
      seeds
      ?? prompts.indices.map { prompt in
        (0..<n).map { SampleStream.key(seed: options.seed, prompt: prompt, completion: $0) }
      }
    if prompts.isEmpty { return Generation(completions: [], seconds: Generation.Seconds()) }
    let model = trainedParameters.isEmpty ? self : inference()
    return try model.decode(
      prompts, keys: keys, options: options, shaping: shaping, kept: kept, onStep: onStep ?? { _ in true })
  }

  private func decode(
    _ prompts: [Prompt], keys: [[UInt64]], options: SamplingOptions, shaping: LogitShaping,
    kept: KeptImages?, onStep: (GenerationProgress) -> Bool
  ) throws -> Generation {
    let clock = ContinuousClock()
    var seconds = Generation.Seconds()
    var started = clock.now
    func elapsed() -> Double {
      defer { started = clock.now }
      return started.duration(to: clock.now) / .seconds(1)
    }

    let images = DistinctImages(prompts)
    let features =
      images.images.isEmpty
      ? nil : try kept.map { try encodeImages(images.images, reusing: $0) } ?? encodeImages(images.images)
    seconds.vision = elapsed()

    let completionRows = keys.reduce(0) { $0 + $1.count } * options.maxNewTokens
    let imageToken = configuration.imageTokenID
    let beginnings = kept?.beginnings(of: prompts, imageToken: imageToken) ?? []
    let prefixes = PromptPrefixes(
      prompts, images: images.ofPrompt, imageToken: imageToken, beginnings: beginnings)
    let text = configuration.text
    let cache = KeyValueCache(
      layers: text.layers, capacity: prefixes.rowCount + completionRows,
      width: text.keyValueHeads * text.headDimension,
      dtype: device == nil ? .float32 : decoder.embedding.dtype, device: device)
    var batch = DecodingBatch(options: options, shaping: shaping)
    var cancelled = false
    var nextRow = prefixes.rowCount
    // Of a prompt's end its last row is wanted too, which is computed.
    let done = Set(prefixes.nodes.indices).subtracting(prefixes.ends).filter { index in
      let node = prefixes.nodes[index]
      return kept?.beginnings.fill(
        cache, from: node.firstRow, with: prompts[node.prompt], node.tokens, imageToken: imageToken) ?? false
    }
    for part in prefixes.parts(of: Self.rowsPerPrefill, without: done) {
      let pack = PackedPrompts(
        prompts, prefixes: prefixes, part: part, features: images.featureRows, imageToken: imageToken)
      let ending = prompts.indices.filter { part.contains(prefixes.ends[$0]) }
      let hidden = decoder(
        embeddings(of: pack, features: features),
        try pass(for: pack, cache: cache, keyCount: cache.capacity),
        reading: ending.map(pack.lastRow))
      if ending.isEmpty { continue }  // of beginnings alone the keys and values are wanted
      for prompt in ending {
        for (completion, key) in keys[prompt].enumerated() {
          batch.append(
            DecodingSequence(
              prompt: prompt, completion: completion, stream: SampleStream(key: key),
              promptRows: prefixes.rows(of: prompt), firstRow: nextRow,
              firstPosition: prompts[prompt].nextPosition,
              occurred: shaping.repetitionPenalty == 1 ? [] : Set(prompts[prompt].ids)))
          nextRow += options.maxNewTokens
        }
      }
      let logits = linear(hidden, weight: decoder.head)  // [prompts that end, vocabulary]
      try draw(
        &batch, from: logits,
        rows: ending.enumerated().flatMap { row, prompt in keys[prompt].map { _ in row } })
      if !onStep(batch.progress(step: 0)) {
        cancelled = true
        break
      }
    }
    if !cancelled {
      for beginning in beginnings {
        kept?.beginnings.keep(
          prompts[beginning.prompt], beginning.count, rows: prefixes.rows(of: beginning), of: cache,
          imageToken: imageToken)
      }
    }
    seconds.prefill = elapsed()

    if let device, shaping == .none, !cancelled {
      try continueOnGPU(&batch, options: options, cache: cache, device, onStep: onStep)
    } else if !cancelled {
      try continueHere(&batch, cache: cache, onStep: onStep)
    }
    let completions = batch.completions(prompts: prompts.count, perPrompt: keys.map(\.count))
    seconds.decode = elapsed()
    return Generation(completions: completions, seconds: seconds)
  }

  private func draw(_ batch: inout DecodingBatch, from logits: Tensor, rows: [Int]) throws {
    do {
      try batch.draw(from: logits, rows: rows)
    } catch {
      throw notFinite("logits")
    }
  }

  /// Token after token, each drawn by the processor.
  private func continueHere(
    _ batch: inout DecodingBatch, cache: KeyValueCache, onStep: (GenerationProgress) -> Bool
  ) throws {
    let graph = device.map { StepGraph(on: $0) }
    while !batch.running.isEmpty {
      let running = batch.running
      let layout = try Self.layout(running.map { $0.promptRows + [$0.ownRows] }, keyCount: cache.capacity)
      func step() -> Tensor {
        nextLogits(
          embedding(decoder.embedding, ids: running.map(\.newestID)),
          positions: running.map(\.newestPosition),
          layout: layout, cache: cache, rows: running.map(\.newestRow))
      }
      try draw(&batch, from: graph?.run(step) ?? step(), rows: Array(running.indices))
      guard onStep(batch.progress(step: batch.longest)) else { return }
    }
  }

  /// Token after token, each drawn on the GPU: while the processor takes note of one, the next is computed.
  private func continueOnGPU(
    _ batch: inout DecodingBatch, options: SamplingOptions, cache: KeyValueCache, _ device: CUDADevice,
    onStep: (GenerationProgress) -> Bool
  ) throws {
    let graph = StepGraph(on: device)
    let watching = options.watchedTokenIDs
    let tokens = DrawnTokens(batch.newestIDs, watching: watching.count, on: device)
    var lanes = DecodingLanes(batch.numbered, longest: options.maxNewTokens)
    typealias UnderWay = (slots: [Int], wanted: [Bool], arrive: () -> TokenDraws)
    var underWay: UnderWay?
    while true {
      let next = lanes.next()
      var begun: UnderWay?
      if !next.isEmpty {
        let layout = try Self.layout(next.map { $0.promptRows + [$0.ownRows] }, keyCount: cache.capacity)
        let slots = next.map(\.slot)
        let draws = graph.run {
          tokens.draw(
            from: nextLogits(
              tokens.embedding(decoder.embedding, slots: slots), positions: next.map(\.newestPosition),
              layout: layout, cache: cache, rows: next.map(\.newestRow)),
            slots: slots, uniforms: next.map { $0.stream.uniform(at: $0.length) },
            temperature: options.temperature, watching: watching)
        }
        begun = (slots, lanes.advance(), tokens.send(draws))
      }
      if let underWay {
        let ended: Set<Int>
        do {
          ended = try batch.take(underWay.arrive(), of: underWay.slots, wanted: underWay.wanted)
        } catch {
          throw notFinite("logits")
        }
        lanes.end(ended)
        guard onStep(batch.progress(step: batch.longest)) else { return }
      }
      underWay = begun
      if underWay == nil { return }
    }
  }

  /// Of one query a sequence, which sees these rows of a cache.
  private static func layout(_ keys: [[Range<Int>]], keyCount: Int) throws -> SegmentLayout {
    try SegmentLayout(
      segments: keys.enumerated().map { row, ranges in
        SegmentLayout.Segment(
          queries: row..<row + 1, keys: ranges.map { SegmentLayout.KeyRange($0, causal: false) })
      }, queryCount: keys.count, keyCount: keyCount)
  }

  /// The logits behind one token of every sequence, [sequences, vocabulary].
  /// - Parameters:
  ///   - x: the tokens' embeddings.
  ///   - rows: where their keys and values are kept.
  private func nextLogits(
    _ x: Tensor, positions: [Int], layout: SegmentLayout, cache: KeyValueCache, rows: [Int]
  ) -> Tensor {
    let pass = DecoderPass(
      angles: RotaryAngles(textPositions: positions, frequencies: decoder.frequencies, on: device),
      layout: layout, cache: (cache, rows))
    return linear(decoder(x, pass), weight: decoder.head)
  }
}
