import Tensors

/// A completion while it is being decoded.
struct DecodingSequence {
  let prompt: Int
  /// Its index among the completions of the prompt.
  let completion: Int
  let stream: SampleStream
  /// Where the prompt lies in the cache.
  let promptRows: [Range<Int>]
  /// The first of the cache rows kept for this sequence's own tokens.
  let firstRow: Int
  /// The position of its first token.
  let firstPosition: Int
  /// The tokens of the prompt and its own, where a repetition penalty asks for them.
  var occurred: Set<Int>
  var ids: [Int] = []
  var logProbabilities: [Float] = []
  var drawnLogProbabilities: [Float] = []
  var watched: [[Float]] = []

  init(
    prompt: Int, completion: Int, stream: SampleStream, promptRows: [Range<Int>], firstRow: Int,
    firstPosition: Int, occurred: Set<Int> = []
  ) {
    self.prompt = prompt
    self.completion = completion
    self.occurred = occurred
    self.stream = stream
    self.promptRows = promptRows
    self.firstRow = firstRow
    self.firstPosition = firstPosition
  }

  var newestID: Int { ids[ids.count - 1] }
  var newestPosition: Int { firstPosition + ids.count - 1 }
  var newestRow: Int { firstRow + ids.count - 1 }
  /// The cache rows of its tokens, the newest included.
  var ownRows: Range<Int> { firstRow..<firstRow + ids.count }
}

/// The sequences still running and what became of the others.
struct DecodingBatch {
  private(set) var running: [DecodingSequence] = []
  private(set) var tokens = 0
  private(set) var longest = 0
  /// What the last draw added, in the order of the sequences.
  private(set) var drawn: [DrawnToken] = []
  private let options: SamplingOptions
  private let shaping: LogitShaping
  private let stops: Set<Int>
  private var order: [Int] = []  // of every running sequence, its index in the order of appending
  private var ended: [(index: Int, prompt: Int, completion: Completion)] = []
  private var appended = 0

  init(options: SamplingOptions, shaping: LogitShaping) {
    self.options = options
    self.shaping = shaping
    stops = Set(options.stopTokenIDs)
  }

  /// The running sequences with their numbers, which count all that were appended.
  var numbered: [(number: Int, sequence: DecodingSequence)] { Array(zip(order, running)) }

  /// Of every sequence that was appended its newest token, or 0 where it has ended.
  var newestIDs: [Int] {
    var ids = [Int](repeating: 0, count: appended)
    for (number, sequence) in numbered { ids[number] = sequence.newestID }
    return ids
  }

  /// Adds a sequence that has no token yet; its first one is drawn next.
  mutating func append(_ sequence: DecodingSequence) {
    running.append(sequence)
    order.append(appended)
    appended += 1
  }

  /// Draws one token for each of the last `rows.count` sequences, and takes those that end out.
  /// - Parameter rows: the row of `logits` [*, vocabulary] that each draws from.
  mutating func draw(from logits: Tensor, rows: [Int]) throws {
    let first = running.count - rows.count
    if logits.device != nil && shaping == .none {
      try drawOnGPU(from: logits, rows: rows, first: first)
    } else {
      try drawHere(from: logits.moved(to: nil), rows: rows, first: first)
    }
    settle(Array(first..<running.count))
  }

  /// Takes what was drawn for sequences by their numbers; those that have ended meanwhile are left out.
  /// - Parameter wanted: false for draws that nobody asked for.
  /// - Returns: the numbers of the sequences that ended with it.
  mutating func take(_ draws: TokenDraws, of numbers: [Int], wanted: [Bool]) throws -> Set<Int> {
    let places = Dictionary(uniqueKeysWithValues: order.enumerated().map { ($0.element, $0.offset) })
    let width = options.watchedTokenIDs.count
    var taken: [Int] = []
    for (index, number) in numbers.enumerated() where wanted[index] {
      guard let place = places[number] else { continue }
      try running[place].take(
        draws.draws[index], watched: draws.watched[index * width..<(index + 1) * width])
      taken.append(place)
    }
    let before = Set(taken.map { order[$0] })
    settle(taken)
    return before.subtracting(order)
  }

  /// After a token more for some of the running sequences, which are in order: takes those that end out.
  private mutating func settle(_ places: [Int]) {
    longest = max(longest, places.map { running[$0].ids.count }.max() ?? 0)
    tokens += places.count
    drawn = []
    var ended: Set<Int> = []
    for index in places {
      let sequence = running[index]
      let finish = finish(of: sequence)
      drawn.append(
        DrawnToken(
          prompt: sequence.prompt, completion: sequence.completion, id: sequence.newestID,
          logProbability: sequence.logProbabilities[sequence.ids.count - 1], finish: finish))
      if let finish {
        end(sequence, index: order[index], finish)
        ended.insert(index)
      }
    }
    guard !ended.isEmpty else { return }
    running = running.enumerated().filter { !ended.contains($0.offset) }.map(\.element)
    order = order.enumerated().filter { !ended.contains($0.offset) }.map(\.element)
  }

  private mutating func drawHere(from logits: Tensor, rows: [Int], first: Int) throws {
    let vocabulary = logits.shape[1]
    try logits.withUnsafeValues { values in
      var sampler = TokenSampler(
        vocabulary: vocabulary, temperature: options.temperature, shaping: shaping)
      for (index, row) in rows.enumerated() {
        let scores = UnsafeBufferPointer(
          rebasing: values[row * vocabulary..<(row + 1) * vocabulary])
        try running[first + index].draw(from: scores, with: &sampler, options: options)
      }
    }
  }

  /// The logits stay on the GPU; what is known of the tokens comes back.
  private mutating func drawOnGPU(from logits: Tensor, rows: [Int], first: Int) throws {
    let ids = options.watchedTokenIDs
    let drawn = TokenDraws(
      from: logits, rows: rows, uniforms: running[first...].map { $0.stream.uniform(at: $0.ids.count) },
      temperature: options.temperature, watching: ids)
    for (index, draw) in drawn.draws.enumerated() {
      let watched = drawn.watched[index * ids.count..<(index + 1) * ids.count]
      try running[first + index].take(draw, watched: watched)
    }
  }

  func progress(step: Int) -> GenerationProgress {
    GenerationProgress(step: step, running: running.count, tokens: tokens, drawn: drawn)
  }

  /// All completions in the order the sequences were appended; those still running count as cancelled, as do
  /// those of prompts that were never reached.
  mutating func completions(prompts: Int, perPrompt: [Int]) -> [[Completion]] {
    for (index, sequence) in running.enumerated() { end(sequence, index: order[index], .cancelled) }
    running = []
    var completions: [[Completion]] = (0..<prompts).map { _ in [] }
    for entry in ended.sorted(by: { $0.index < $1.index }) {
      completions[entry.prompt].append(entry.completion)
    }
    for prompt in completions.indices {
      while completions[prompt].count < perPrompt[prompt] {
        completions[prompt].append(
          Completion(
            ids: [], logProbabilities: [], drawnLogProbabilities: [], watched: [], finish: .cancelled))
      }
    }
    return completions
  }

  private func finish(of sequence: DecodingSequence) -> Completion.Finish? {
    if stops.contains(sequence.newestID) { return .stop }
    return sequence.ids.count >= options.maxNewTokens ? .length : nil
  }

  private mutating func end(_ sequence: DecodingSequence, index: Int, _ finish: Completion.Finish) {
    let completion = Completion(
      ids: sequence.ids, logProbabilities: sequence.logProbabilities,
      drawnLogProbabilities: sequence.drawnLogProbabilities, watched: sequence.watched, finish: finish)
    ended.append((index, sequence.prompt, completion))
  }
}

extension DecodingSequence {
  fileprivate mutating func take(_ draw: TokenDraws.Draw, watched logits: ArraySlice<Float>) throws {
    guard draw.logSum.isFinite else { throw ModelError.invalid("the model's logits are not finite numbers") }
    ids.append(draw.id)
    logProbabilities.append(Float(draw.logit - draw.logSum))
    drawnLogProbabilities.append(Float(draw.drawnLogProbability))
    if !logits.isEmpty { watched.append(logits.map { Float(Double($0) - draw.logSum) }) }
  }

  fileprivate mutating func draw(
    from scores: UnsafeBufferPointer<Float>, with sampler: inout TokenSampler, options: SamplingOptions
  ) throws {
    let drawn = try sampler.draw(scores, at: stream.uniform(at: ids.count), occurred: occurred)
    ids.append(drawn.id)
    logProbabilities.append(drawn.logProbability)
    drawnLogProbabilities.append(drawn.drawnLogProbability)
    if !occurred.isEmpty { occurred.insert(drawn.id) }
    if !options.watchedTokenIDs.isEmpty {
      watched.append(options.watchedTokenIDs.map { Float(Double(scores[$0]) - drawn.logSum) })
    }
  }
}
