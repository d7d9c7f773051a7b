/// Which prompt a group answers. Images are named and hashed, never copied.
public struct PromptReference: Codable, Sendable, Equatable {
  /// The sample's key in the data set.
  public var sample: String
  /// Which question of the sample.
  public var question: Int
  public var images: [Image]

  public struct Image: Codable, Sendable, Equatable {
    public var path: String
    public var sha256: String
    public init(path: String, sha256: String) {
      self.path = path
      self.sha256 = sha256
    }
  }

  public init(sample: String, question: Int, images: [Image]) {
    self.sample = sample
    self.question = question
    self.images = images
  }
}

/// One sampled answer of a group.
public struct RolloutCompletion: Codable, Sendable, Equatable {
  public var tokens: [Int]
  /// The sampler's log-probability of each token, at temperature 1.
  public var logProbabilities: [Float]
  public var reward: Double
  /// The reward's parts by name.
  public var parts: [String: Double]
  public var finish: Finish
  /// Hash of (run, ordinal, answer index). Written as a string of digits, as JSON numbers lose it beyond 2⁵³.
  public var seed: UInt64

  public enum Finish: String, Codable, Sendable { case stop, length }

  public init(
    tokens: [Int], logProbabilities: [Float], reward: Double, parts: [String: Double], finish: Finish,
    seed: UInt64
  ) {
    self.tokens = tokens
    self.logProbabilities = logProbabilities
    self.reward = reward
    self.parts = parts
    self.finish = finish
    self.seed = seed
  }

  enum CodingKeys: String, CodingKey {
    case tokens
    case logProbabilities = "log_probabilities"
    case reward, parts, finish, seed
  }

  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    let digits = try values.decode(String.self, forKey: .seed)
    guard let seed = UInt64(digits) else {
      throw DecodingError.dataCorruptedError(
        forKey: .seed, in: values, debugDescription: "'\(digits.prefix(30))' is not a 64-bit whole number")
    }
    self.init(
      tokens: try values.decode([Int].self, forKey: .tokens),
      logProbabilities: try values.decode([Float].self, forKey: .logProbabilities),
      reward: try values.decode(Double.self, forKey: .reward),
      parts: try values.decode([String: Double].self, forKey: .parts),
      finish: try values.decode(Finish.self, forKey: .finish), seed: seed)
  }

  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(tokens, forKey: .tokens)
    try values.encode(logProbabilities, forKey: .logProbabilities)
    try values.encode(reward, forKey: .reward)
    try values.encode(parts, forKey: .parts)
    try values.encode(finish, forKey: .finish)
    try values.encode(String(seed), forKey: .seed)
  }
}

/// All answers to one prompt under one policy version: the unit of the rollout ledger.
///
/// A group is generated at least once and stored exactly once: (run, ordinal) is unique.
public struct RolloutGroup: Codable, Sendable, Equatable {
  /// The training job.
  public var run: JobID
  /// Position in the run's prompt stream.
  public var ordinal: Int64
  /// The policy version that answered.
  public var behaviourVersion: Int
  public var prompt: PromptReference
  public var completions: [RolloutCompletion]
  /// The step that learnt from it, once one has.
  public var consumedStep: Int?

  public init(
    run: JobID, ordinal: Int64, behaviourVersion: Int, prompt: PromptReference,
    completions: [RolloutCompletion], consumedStep: Int? = nil
  ) {
    self.run = run
    self.ordinal = ordinal
    self.behaviourVersion = behaviourVersion
    self.prompt = prompt
    self.completions = completions
    self.consumedStep = consumedStep
  }

  enum CodingKeys: String, CodingKey {
    case run, ordinal
    case behaviourVersion = "behaviour_version"
    case prompt, completions
    case consumedStep = "consumed_step"
  }
}

/// One optimizer step as recorded: replaying the groups in this order makes the same policy again.
public struct StepRecord: Codable, Sendable, Equatable {
  /// From 1.
  public var step: Int
  /// Ordinals of the groups in the order of their use.
  public var ordinals: [Int64]
  public var inputVersion: Int
  public var outputVersion: Int
  public var metrics: [String: Double]
  /// When the database recorded it; set on reading.
  public var recordedAt: Timestamp?

  public init(
    step: Int, ordinals: [Int64], inputVersion: Int, outputVersion: Int, metrics: [String: Double],
    recordedAt: Timestamp? = nil
  ) {
    self.step = step
    self.ordinals = ordinals
    self.inputVersion = inputVersion
    self.outputVersion = outputVersion
    self.metrics = metrics
    self.recordedAt = recordedAt
  }

  enum CodingKeys: String, CodingKey {
    case step, ordinals
    case inputVersion = "input_version"
    case outputVersion = "output_version"
    case metrics
    case recordedAt = "recorded_at"
  }
}

/// A published set of weights of a run.
public struct PolicyVersion: Codable, Sendable, Equatable {
  /// 0 is the model the run starts from.
  public var number: Int
  /// Absolute path of the manifest or folder from which a worker loads it.
  public var path: String
  /// Hash of the manifest, lower-case hexadecimal.
  public var sha256: String
  public var kind: Kind
  /// The version it is a difference to.
  public var parent: Int?

  public enum Kind: String, Codable, Sendable { case full, difference }

  public init(number: Int, path: String, sha256: String, kind: Kind, parent: Int? = nil) {
    self.number = number
    self.path = path
    self.sha256 = sha256
    self.kind = kind
    self.parent = parent
  }
}
