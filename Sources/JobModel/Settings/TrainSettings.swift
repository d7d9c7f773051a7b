import OrderedJSON

/// Post-training. Defaults are the paper's run by GRPO: 8 prompts × 8 answers per step, 1000 steps, AdamW at
/// 5e-7 on all parameters, β 0.04, ε 0.2, temperature 1, at most 256 new tokens, strictly on policy.
public struct TrainSettings: Sendable, Equatable, Encodable {
  /// Folder of the model to start from, in Hugging Face form.
  public var model: String
  /// Root of a data set in MMAD's layout, or a file of rows (`.json`, `.jsonl`) with images, problem and solution.
  public var data: String
  /// Where the pictures of a file of rows lie; nil takes the file's own folder.
  public var images: String?
  /// Folder for checkpoints and the exported model.
  public var output: String
  /// Which run gives what the job file does not.
  public var preset: PresetName
  public var method: MethodName
  /// What answers earn; by the method `sft` nothing is answered and it is not used.
  public var reward: RewardFormula
  public var promptProtocol: PromptProtocolName
  /// Reference images per question; nil is what the protocol prescribes.
  public var references: Int?
  /// Questions to learn from; nil takes all types.
  public var questionTypes: [QuestionTypeName]?
  /// Optimizer steps.
  public var steps: Int
  public var promptsPerStep: Int
  /// Prompts a rollout worker answers together: more use its device better, fewer spread over more workers.
  public var promptsPerTask: Int
  /// Answers per prompt (G).
  public var groupSize: Int
  public var maxNewTokens: Int
  public var temperature: Double
  public var learningRate: Double
  public var schedule: ScheduleName
  public var warmupSteps: Int
  /// Weight of the KL term against the reference policy (equation 3).
  public var beta: Double
  public var epsilonLow: Double
  public var epsilonHigh: Double
  /// c of the dual clip: with a negative advantage the gain is not let below c times it; nil bounds nothing.
  public var dualClip: Double?
  public var reduction: ReductionName
  /// What equation 1 takes the ratio of.
  public var ratioLevel: RatioLevelName
  /// How the divergence of equation 3 is estimated.
  public var divergence: DivergenceName
  /// Weights for tokens whose sampler computed other probabilities than the learner; nil weighs all alike.
  public var mismatch: MismatchSettings?
  public var adam: OptimizerSettings
  public var weightDecay: Double
  /// The gradient is scaled down to this norm; 0 leaves it.
  public var maxGradientNorm: Double
  public var advantage: AdvantageSettings
  /// Groups whose rewards' standard deviation is not above this are left out; nil keeps all.
  public var minRewardDeviation: Double?
  /// Rounds in which further prompts are asked in place of the groups left out, until a step has as many as it should
  /// (DAPO's dynamic sampling); 0 makes do with those that are left.
  public var resample: Int
  public var trainedPart: TrainedPartName
  /// What the policy is kept in, by the learner, in checkpoints, by rollout workers and in the exported model.
  public var dtype: WeightTypeName
  /// The adapter of `trained_part: lora`; nil takes its defaults.
  public var lora: AdapterSettings?
  /// Updates of the policy from the same answers (μ): from the second on π_old of equation 1 is not the policy itself.
  public var innerIterations: Int
  /// Prompts that go through the learner's network in one pass: fewer take less memory, and the result is the
  /// same (but under the reduction `bnpo`). Nil takes the whole step at once.
  public var promptsPerPass: Int?
  /// Compute each layer again for the backward pass instead of keeping its insides: less memory for about a
  /// third more time, and the same result bit by bit.
  public var recomputeLayers: Bool
  public var seed: Int
  /// A full learner state is written every so many steps, and after the last.
  public var saveEvery: Int
  /// How many versions old a behaviour policy may be when its group is consumed (η).
  public var staleness: Int
  /// Measuring on held-out questions; nil measures nothing.
  public var validation: ValidationSettings?
  /// The state of another training to go on from; nil starts from the model.
  public var fork: ForkSettings?

  /// A path without empty steps and without a slash at the end.
  private static func plain(_ path: String) -> String {
    (path.hasPrefix("/") ? "/" : "")
      + path.split(separator: "/").filter { $0 != "." }.joined(separator: "/")
  }

  init(_ reader: inout SettingsReader) {
    model = reader.path(CodingKeys.model, meaning: "the folder of the model to start from")
    data = reader.path(CodingKeys.data, meaning: "the root of the data set (with mmad.json)")
    images = reader.optionalPath(CodingKeys.images)
    output = reader.path(CodingKeys.output, meaning: "the folder for checkpoints and the trained model")
    preset = reader.choice(CodingKeys.preset, default: .paper)
    method = reader.choice(CodingKeys.method, default: .grpo)
    reward = reader.reward(CodingKeys.reward, default: preset.reward)
    promptProtocol = reader.choice(CodingKeys.promptProtocol, default: preset.promptProtocol)
    references = reader.optionalInteger(CodingKeys.references, in: 0...8)
    questionTypes = reader.choices(CodingKeys.questionTypes, of: QuestionTypeName.self)
    steps = reader.integer(CodingKeys.steps, default: 1000, in: 1...1_000_000)
    promptsPerStep = reader.integer(CodingKeys.promptsPerStep, default: 8, in: 1...4096)
    promptsPerTask = reader.integer(CodingKeys.promptsPerTask, default: 8, in: 1...4096)
    groupSize = reader.integer(CodingKeys.groupSize, default: 8, in: 2...256)
    maxNewTokens = reader.integer(CodingKeys.maxNewTokens, default: 256, in: 1...32768)
    temperature = reader.number(CodingKeys.temperature, default: 1, in: 0.01...10)
    learningRate = reader.number(CodingKeys.learningRate, default: 5e-7, in: 0...1)
    schedule = reader.choice(CodingKeys.schedule, default: .linear)
    warmupSteps = reader.integer(CodingKeys.warmupSteps, default: 0, in: 0...1_000_000)
    beta = reader.number(CodingKeys.beta, default: 0.04, in: 0...100)
    // At 1 the lower bound of the ratio is 0, which nothing is clipped by.
    epsilonLow = reader.number(CodingKeys.epsilonLow, default: 0.2, in: 0...0.999)
    epsilonHigh = reader.number(CodingKeys.epsilonHigh, default: 0.2, in: 0...10)
    dualClip = reader.optionalNumber(CodingKeys.dualClip, in: 1.001...1000)
    reduction = reader.choice(CodingKeys.reduction, default: .grpo)
    ratioLevel = reader.choice(CodingKeys.ratioLevel, default: .token)
    divergence = reader.choice(CodingKeys.divergence, default: .k3)
    mismatch = reader.group(CodingKeys.mismatch, default: nil) { MismatchSettings(&$0) }
    adam = reader.group(CodingKeys.adam, default: OptimizerSettings()) { OptimizerSettings(&$0) }
    weightDecay = reader.number(CodingKeys.weightDecay, default: 0, in: 0...1)
    maxGradientNorm = reader.number(CodingKeys.maxGradientNorm, default: 1, in: 0...1e6)
    advantage = reader.group(CodingKeys.advantage, default: AdvantageSettings()) { AdvantageSettings(&$0) }
    minRewardDeviation = reader.optionalNumber(CodingKeys.minRewardDeviation, in: 0...1e6)
    resample = reader.integer(CodingKeys.resample, default: 0, in: 0...64)
    if resample > 0, minRewardDeviation == nil {
      reader.objection(
        CodingKeys.resample,
        "asks for prompts in place of groups that are left out, and none are; "
          + "min_reward_std: 0 leaves out those whose answers all earned the same")
    }
    reader.check(references, CodingKeys.references, for: promptProtocol)
    trainedPart = reader.choice(CodingKeys.trainedPart, default: .all)
    dtype = reader.choice(CodingKeys.dtype, default: .float32)
    lora = reader.group(CodingKeys.lora, default: nil) { AdapterSettings(&$0) }
    if lora != nil, trainedPart != .lora {
      reader.objection(
        CodingKeys.lora,
        "describes an adapter, which trained_part: lora trains; found \(trainedPart.rawValue)")
    }
    innerIterations = reader.integer(CodingKeys.innerIterations, default: 1, in: 1...64)
    promptsPerPass = reader.optionalInteger(CodingKeys.promptsPerPass, in: 1...4096)
    recomputeLayers = reader.flag(CodingKeys.recomputeLayers, default: false)
    seed = reader.integer(CodingKeys.seed, default: 0, in: 0...(1 << 53))
    saveEvery = reader.integer(CodingKeys.saveEvery, default: 50, in: 1...1_000_000)
    staleness = reader.integer(CodingKeys.staleness, default: 0, in: 0...64)
    validation = reader.group(CodingKeys.validation, default: nil) { ValidationSettings(&$0) }
    fork = reader.group(CodingKeys.fork, default: nil) { ForkSettings(&$0) }
    let base = Self.plain(model)
    for name in ["model", "best"] where (base + "/").hasPrefix(Self.plain(output) + "/\(name)/") {
      reader.objection(
        CodingKeys.output,
        "\(output)/\(name) is the model to start from, and where this training will leave its own; give another folder"
      )
    }
    if let fork, fork.step >= steps {
      reader.objection(
        CodingKeys.steps, "found \(steps); a fork from step \(fork.step) needs more steps than that")
    }
    if warmupSteps > steps {
      reader.objection(
        CodingKeys.warmupSteps, "found \(warmupSteps); allowed is at most the number of steps, \(steps)")
    }
  }

  enum CodingKeys: String, CodingKey {
    case model, data, images, output, preset, method, reward
    case promptProtocol = "protocol"
    case references
    case questionTypes = "question_types"
    case steps
    case promptsPerStep = "prompts_per_step"
    case promptsPerTask = "prompts_per_task"
    case groupSize = "group_size"
    case maxNewTokens = "max_new_tokens"
    case temperature
    case learningRate = "learning_rate"
    case schedule
    case warmupSteps = "warmup_steps"
    case beta
    case epsilonLow = "epsilon_low"
    case epsilonHigh = "epsilon_high"
    case dualClip = "dual_clip"
    case reduction
    case ratioLevel = "ratio_level"
    case divergence = "kl_estimator"
    case mismatch
    case adam
    case weightDecay = "weight_decay"
    case maxGradientNorm = "max_gradient_norm"
    case advantage
    case minRewardDeviation = "min_reward_std"
    case resample
    case trainedPart = "trained_part"
    case dtype, lora
    case innerIterations = "inner_iterations"
    case promptsPerPass = "prompts_per_pass"
    case recomputeLayers = "recompute_layers"
    case seed
    case saveEvery = "save_every"
    case staleness, validation, fork
  }
}

/// How rewards of a group become advantages (Â of equation 4): (r − mean) / (std + epsilon).
public struct AdvantageSettings: Sendable, Equatable, Encodable {
  public var epsilon: Double = 1e-4
  /// Delta degrees of freedom of the standard deviation; the paper's code divides by G − 1.
  public var ddof: Int = 1
  /// Without it the advantage is r − mean (Dr. GRPO).
  public var normalise: Bool = true

  public init() {}

  init(_ reader: inout SettingsReader) {
    epsilon = reader.number(CodingKeys.epsilon, default: epsilon, in: 0...1)
    ddof = reader.integer(CodingKeys.ddof, default: ddof, in: 0...1)
    normalise = reader.flag(CodingKeys.normalise, default: normalise)
  }

  enum CodingKeys: String, CodingKey { case epsilon, ddof, normalise }
}
