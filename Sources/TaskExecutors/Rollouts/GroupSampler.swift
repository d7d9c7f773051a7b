internal import Inspection
internal import JobModel
internal import OrderedJSON
internal import PostTraining
internal import QwenVL
internal import WorkerRuntime

/// The prompts of a run and how its answers are drawn and scored: the same for a training job's rollouts and for a
/// rollout job of its own.
struct GroupSampler {
  let evaluation: Evaluation
  let stream: PromptStream
  let reward: any Reward
  let groupSize: Int
  let temperature: Float
  let maxNewTokens: Int
  /// Decides the prompt stream and, with ordinal and answer index, every draw.
  let seed: UInt64

  init(train settings: TrainSettings) throws {
    try self.init(
      data: settings.data, promptProtocol: settings.promptProtocol, references: settings.references,
      types: settings.questionTypes,
      reward: settings.reward, groupSize: settings.groupSize, temperature: settings.temperature,
      maxNewTokens: settings.maxNewTokens, seed: settings.seed)
  }

  init(rollout settings: RolloutSettings) throws {
    try self.init(
      data: settings.data, promptProtocol: settings.promptProtocol, references: settings.references,
      types: settings.questionTypes,
      reward: settings.reward, groupSize: settings.groupSize, temperature: settings.temperature,
      maxNewTokens: settings.maxNewTokens, seed: settings.seed)
  }

  private init(
    data: String, promptProtocol: PromptProtocolName, references: Int?, types: [QuestionTypeName]?,
    reward: RewardName,
    groupSize: Int, temperature: Double, maxNewTokens: Int, seed: Int
  ) throws {
    (evaluation, self.reward) = try asUserError {
      (
        Evaluation(
          samples: try MMADDataset(root: data).samples, promptProtocol: try promptProtocol.resolved(),
          settings: PromptSettings(references: references, maxNewTokens: maxNewTokens),
          questionTypes: types?.resolved),
        try RewardCatalogue.named(reward.rawValue)
      )
    }
    guard !evaluation.items.isEmpty else {
      throw TaskError(.userError, "\(data) has no question of the types asked for")
    }
    stream = PromptStream(strata: Self.strata(evaluation), seed: UInt64(seed))
    self.groupSize = groupSize
    self.temperature = Float(temperature)
    self.maxNewTokens = maxNewTokens
    self.seed = UInt64(seed)
  }

  /// One stratum per question type and right answer.
  private static func strata(_ evaluation: Evaluation) -> [Int] {
    var known: [String: Int] = [:]
    return evaluation.items.map { item in
      let question = evaluation.samples[item.sample].questions[item.question]
      let label = "\(question.type.rawValue)/\(question.answer ?? "")"
      if let number = known[label] { return number }
      known[label] = known.count
      return known.count - 1
    }
  }

  /// Draws and scores the groups of some ordinals, decoding all of them together.
  func groups(
    of ordinals: Range<Int>, run: JobID, version: Int, with loaded: LoadedModel,
    isCancelled: @escaping () -> Bool
  ) throws -> [RolloutGroup] {
    let items = stream.indices(of: ordinals)
    let asked = try asUserError { try items.map { try evaluation.prompt(of: $0) } }
    let prompts = try asUserError { try asked.map { try loaded.prompts.encode($0) } }
    let seeds = ordinals.map { ordinal in
      (0..<groupSize).map { SampleStream.key(seed: seed, prompt: ordinal, completion: $0) }
    }
    let options = SamplingOptions(
      maxNewTokens: maxNewTokens, temperature: temperature, seed: seed, stopTokenIDs: loaded.stopTokenIDs)
    let completions = try loaded.model.generate(
      prompts: prompts, completionsPerPrompt: groupSize, seeds: seeds, options: options,
      onStep: { _ in !isCancelled() })
    return try ordinals.enumerated().map { row, ordinal in
      let reference = try reference(to: items[row], images: asked[row].imagePaths)
      let question = question(items[row])
      let target = try asUserError { try RewardTarget(question: question) }
      let answers = try completions[row].enumerated().map { index, completion in
        let reply = loaded.prompts.tokenizer.decode(completion.ids)
        let outcome = try asUserError { try reward.score(reply: reply, target: target) }
        return RolloutCompletion(
          tokens: completion.ids, logProbabilities: completion.logProbabilities, reward: outcome.reward,
          parts: Dictionary(outcome.parts.map { ($0.name, $0.value) }, uniquingKeysWith: +),
          finish: completion.finish == .stop ? .stop : .length, seed: seeds[row][index])
      }
      return RolloutGroup(
        run: run, ordinal: Int64(ordinal), behaviourVersion: version, prompt: reference, completions: answers)
    }
  }

  /// The prompt a stored group answers, encoded again.
  ///
  /// - Throws: `TaskError` when the data set no longer has it or an image is not the one that was shown.
  func prompt(of group: RolloutGroup, with prompts: PromptSource) throws -> Prompt {
    let index = stream.indices(of: Int(group.ordinal)..<Int(group.ordinal) + 1)[0]
    let asked = try asUserError { try evaluation.prompt(of: index) }
    guard try reference(to: index, images: asked.imagePaths) == group.prompt else {
      throw TaskError(
        .userError,
        "the data set has changed since group \(group.ordinal) was sampled (\(group.prompt.sample)); "
          + "put the old files back, or start a new run")
    }
    return try asUserError { try prompts.encode(asked) }
  }

  private func question(_ index: Int) -> InspectionQuestion {
    let item = evaluation.items[index]
    return evaluation.samples[item.sample].questions[item.question]
  }

  private func reference(to index: Int, images: [String]) throws -> PromptReference {
    let item = evaluation.items[index]
    return PromptReference(
      sample: evaluation.samples[item.sample].name, question: item.question,
      images: try images.map { .init(path: $0, sha256: try ModelIdentity.hash(file: $0)) })
  }
}
