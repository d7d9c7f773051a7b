/// Names a job may use. What stands behind them is the executors' affair; a name not listed here is refused at
/// submission.
public enum RewardName: String, Codable, Sendable, CaseIterable {
  /// The paper's tiers.
  case roam
  /// The sum of both rewards of the released run.
  case roamReleased = "roam-released"
  /// Right or wrong, and the format: the paper's baseline (Table 5).
  case classical
  /// Whether a reply is reasoning and an answer in their tags.
  case format
  /// Intersection over union of the answer's box with the true one.
  case iou

  /// What a reply is compared with; nil where any truth does.
  public enum Target: Sendable, Hashable { case option, box }
  public var target: Target? {
    switch self {
    case .roam, .roamReleased, .classical: .option
    case .iou: .box
    case .format: nil
    }
  }
}

/// How a policy learns.
public enum MethodName: String, Codable, Sendable, CaseIterable {
  /// From groups of its own answers and their rewards (section 3.2).
  case grpo
  /// From given replies: the paper's supervised baseline (Table 2).
  case sft
}

/// A published run whose reward and prompts a training repeats; both share every other setting.
public enum PresetName: String, Codable, Sendable, CaseIterable {
  /// As the paper describes it (sections 3.2 to 4.1).
  case paper
  /// As its released code ran: both rewards summed, the letter extraction and the prompts of the code.
  case paperReleased = "paper-released"

  var reward: RewardName { self == .paper ? .roam : .roamReleased }
  var promptProtocol: PromptProtocolName { self == .paper ? .paper : .paperReleasedTraining }
}

/// The form a model is kept in while it is trained.
public enum WeightTypeName: String, Codable, Sendable, CaseIterable {
  case float32
  /// Half the memory and half of what is published; the optimizer keeps copies in float32, in which small steps add up.
  case bfloat16
}

public enum PromptProtocolName: String, Codable, Sendable, CaseIterable {
  case mmad, paper
  case paperReleased = "paper-released"
  case paperReleasedTraining = "paper-released-training"

  /// Reference pictures its prompt has places for.
  var mostReferences: Int {
    switch self {
    case .mmad: 8
    case .paper: 1
    case .paperReleased, .paperReleasedTraining: 0
    }
  }
}

extension SettingsReader {
  /// Refuses more reference pictures than a protocol's prompt has places for.
  mutating func check(_ references: Int?, _ key: some CodingKey, for promptProtocol: PromptProtocolName) {
    guard let references, references > promptProtocol.mostReferences else { return }
    objection(
      key,
      "found \(references); protocol \(promptProtocol.rawValue) shows at most \(promptProtocol.mostReferences)"
    )
  }
}

/// The form in which a model's weights are held while it answers: what it says differs a little between them, and the
/// smaller ones take less memory and time.
public enum WeightFormName: String, Codable, Sendable, CaseIterable {
  case float32
  /// As most published models are stored, mapped from the file.
  case bfloat16
  /// Quantised once, kept beside the model.
  case int8
}

/// Which good pictures a question is shown with.
public enum ReferenceSourceName: String, Codable, Sendable, CaseIterable {
  /// Those the data set drew by lot.
  case random
  /// Those that look most like the picture: the data set's list, else found by the model's own vision features.
  case similar
}

/// In which order a question's options are shown.
public enum OptionOrderName: String, Codable, Sendable, CaseIterable {
  case published
  /// By the job's seed; answers are counted under their published letters.
  case shuffled
}

public enum ScheduleName: String, Codable, Sendable, CaseIterable {
  case constant, linear, cosine
}

/// How token losses become one loss.
public enum ReductionName: String, Codable, Sendable, CaseIterable {
  case grpo, dapo, bnpo
  case drGRPO = "dr_grpo"
}

/// What equation 1 takes the ratio of; `sequence` is GSPO's.
public enum RatioLevelName: String, Codable, Sendable, CaseIterable {
  case token, sequence
}

/// How the divergence from the reference policy is estimated; the paper has k3.
public enum DivergenceName: String, Codable, Sendable, CaseIterable {
  case k1, k2, k3
  case absolute = "abs"
}

public enum MismatchModeName: String, Codable, Sendable, CaseIterable {
  case truncate, mask
}

public enum TrainedPartName: String, Codable, Sendable, CaseIterable {
  case all, language
  /// An adapter beside the language part, which stays as it is.
  case lora
}

/// MMAD's seven question types.
public enum QuestionTypeName: String, Codable, Sendable, CaseIterable {
  case anomalyDetection = "Anomaly Detection"
  case defectClassification = "Defect Classification"
  case defectLocalization = "Defect Localization"
  case defectDescription = "Defect Description"
  case defectAnalysis = "Defect Analysis"
  case objectClassification = "Object Classification"
  case objectAnalysis = "Object Analysis"
}
