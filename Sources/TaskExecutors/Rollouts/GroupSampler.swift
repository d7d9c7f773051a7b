internal import Inspection
internal import JobModel
internal import OrderedJSON
internal import PostTraining
internal import QwenVL
internal import WorkerRuntime

/// The prompts of a run and how its answers are drawn and scored: the same for a training job's rollouts and for a
/// rollout job of its own.
struct GroupSampler {
  let prompts: any PromptSet
  let stream: PromptStream
  let reward: any Reward
  let groupSize: Int
  let temperature: Float
  let maxNewTokens: Int
  /// Decides the prompt stream and, with ordinal and answer index, every draw.
  let seed: UInt64
  /// What a prompt that cannot be put to the model makes of its task: a training cannot do without it.
  private let unusablePrompt: FailureClass

  init(train settings: TrainSettings) throws {
    try self.init(
      asUserError { try PromptSets.open(settings) }, reward: settings.reward, groupSize: settings.groupSize,
      temperature: settings.temperature, maxNewTokens: settings.maxNewTokens, seed: settings.seed,
      unusablePrompt: .userError)
  }

  init(rollout settings: RolloutSettings) throws {
    try self.init(
      asUserError { try PromptSets.open(settings) }, reward: settings.reward, groupSize: settings.groupSize,
      temperature: settings.temperature, maxNewTokens: settings.maxNewTokens, seed: settings.seed,
      unusablePrompt: .poisonInput)
  }

  private init(
    _ prompts: any PromptSet, reward: RewardFormula, groupSize: Int, temperature: Double, maxNewTokens: Int,
    seed: Int, unusablePrompt: FailureClass
  ) throws {
    try prompts.require(reward)
    self.prompts = prompts
    self.reward = try asUserError { try reward.resolved() }
    stream = PromptStream(strata: (0..<prompts.count).map { prompts.stratum(of: $0) }, seed: UInt64(seed))
    self.groupSize = groupSize
    self.temperature = Float(temperature)
    self.maxNewTokens = maxNewTokens
    self.seed = UInt64(seed)
    self.unusablePrompt = unusablePrompt
  }

  /// Draws and scores the groups of some ordinals, decoding all of them together, or in smaller pieces where that has
  /// turned out to be too much.
  ///
  /// - Parameters:
  ///   - halvings: of what is decoded together.
  ///   - drawn: told how many tokens the longest answers have so far.
  func groups(
    of ordinals: Range<Int>, run: JobID, version: Int, with loaded: LoadedModel, halvings: Int,
    drawn: @escaping (Int) -> Void, isCancelled: @escaping () -> Bool
  ) throws -> [RolloutGroup] {
    let items = stream.indices(of: ordinals)
    let asked = try asUserError { try items.map { try prompts.prompt(of: $0) } }
    let shown = try asFailure(unusablePrompt) {
      try zip(items, asked).map { index, asked in
        let files = try PromptFiles(asked)
        return (
          prompt: try loaded.prompts.encode(asked, files: files), reference: reference(to: index, files)
        )
      }
    }
    let encoded = shown.map(\.prompt)
    let seeds = ordinals.map { ordinal in
      (0..<groupSize).map { SampleStream.key(seed: seed, prompt: ordinal, completion: $0) }
    }
    var completions = [[Completion]](repeating: [], count: encoded.count)
    for piece in DecodingPiece.pieces(prompts: encoded.count, answers: groupSize, halvings: halvings) {
      let answers = try draw(
        Array(encoded[piece.prompts]), seeds: seeds[piece.prompts].map { Array($0[piece.answers]) }, loaded,
        drawn, isCancelled)
      for (prompt, answers) in zip(piece.prompts, answers) { completions[prompt] += answers }
    }
    return try ordinals.enumerated().map { row, ordinal in
      let target = try asUserError { try prompts.target(of: items[row], scale: encoded[row].pictureScale) }
      let answers = try completions[row].enumerated().map { index, completion in
        let reply = loaded.prompts.tokenizer.decode(completion.ids)
        let outcome = try asUserError { try reward.score(reply: reply, target: target) }
        return RolloutCompletion(
          tokens: completion.ids, logProbabilities: completion.logProbabilities, reward: outcome.reward,
          parts: Dictionary(outcome.parts.map { ($0.name, $0.value) }, uniquingKeysWith: +),
          finish: completion.finish == .stop ? .stop : .length, seed: seeds[row][index])
      }
      return RolloutGroup(
        run: run, ordinal: Int64(ordinal), behaviourVersion: version, prompt: shown[row].reference,
        completions: answers)
    }
  }

  private func draw(
    _ prompts: [Prompt], seeds: [[UInt64]], _ loaded: LoadedModel, _ drawn: @escaping (Int) -> Void,
    _ isCancelled: @escaping () -> Bool
  ) throws -> [[Completion]] {
    let answers = seeds.first?.count ?? 0
    try DecodingRoom.of(loaded.model).require(
      for: prompts, answers: answers, maxNewTokens: maxNewTokens, of: loaded.model.configuration.text)
    return try loaded.model.generate(
      prompts: prompts, completionsPerPrompt: answers, seeds: seeds,
      options: SamplingOptions(
        maxNewTokens: maxNewTokens, temperature: temperature, seed: seed, stopTokenIDs: loaded.stopTokenIDs),
      onStep: { step in
        drawn(step.step)
        return !isCancelled()
      })
  }

  /// Sees whether the prompt of an ordinal can be put to a model; throws what is wrong with it.
  func look(at ordinal: Int, with source: PromptSource) throws {
    for index in stream.indices(of: ordinal..<ordinal + 1) {
      try source.look(at: prompts.prompt(of: index))
    }
  }

  /// The prompt a stored group answers, encoded again, and what its replies are measured by.
  ///
  /// - Throws: `TaskError` when the data set no longer has it or an image is not the one that was shown.
  func prompt(
    of group: RolloutGroup, with source: PromptSource
  ) throws -> (prompt: Prompt, target: RewardTarget) {
    // A worker of another build may have met the prompts in another order.
    let index = prompts.place(
      of: PromptIdentity(sample: group.prompt.sample, question: group.prompt.question),
      expected: stream.indices(of: Int(group.ordinal)..<Int(group.ordinal) + 1)[0])
    let asked = try asUserError { try prompts.prompt(of: index) }
    let files = try asUserError { try PromptFiles(asked) }
    guard reference(to: index, files) == group.prompt else {
      throw TaskError(
        .userError,
        "the data set has changed since group \(group.ordinal) was sampled (\(group.prompt.sample)); "
          + "put the old files back, or start a new run")
    }
    return try asUserError {
      let prompt = try source.encode(asked, files: files)
      return (prompt, try prompts.target(of: index, scale: prompt.pictureScale))
    }
  }

  private func reference(to index: Int, _ files: PromptFiles) -> PromptReference {
    let identity = prompts.identity(of: index)
    return PromptReference(
      sample: identity.sample, question: identity.question,
      images: files.hashes.map { .init(path: $0.path, sha256: $0.sha256) })
  }
}
