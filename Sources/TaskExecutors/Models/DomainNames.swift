package import Inspection
package import JobModel
internal import PostTraining
internal import QwenVL
internal import Tensors
internal import WorkerRuntime

// The job model knows names only; here they meet what stands behind them.

extension WeightTypeName {
  /// How a worker holds it.
  var form: WeightFormName { self == .float32 ? .float32 : .bfloat16 }
  /// As the exported model has it.
  var stored: QwenModel.StoredType { self == .float32 ? .float32 : .bfloat16 }
  /// Bytes of a value.
  var width: Int { self == .float32 ? 4 : 2 }
}

extension PromptProtocolName {
  func resolved() throws -> PromptProtocol { try PromptProtocol.named(rawValue) }
}

extension WeightFormName {
  var resolved: DType {
    switch self {
    case .float32: .float32
    case .bfloat16: .bfloat16
    case .int8: .int8
    }
  }
}

extension RewardFormula {
  /// The reward of these names and weights.
  package func resolved() throws -> any Reward {
    let rewards = try terms.map { ($0.weight, try RewardCatalogue.named($0.name.rawValue)) }
    guard terms.count == 1, terms[0].weight == 1 else { return try WeightedReward(rewards) }
    return rewards[0].1
  }
}

extension Collection<QuestionTypeName> {
  var resolved: Set<QuestionType> { Set(compactMap { QuestionType(rawValue: $0.rawValue) }) }
}

extension TrainSettings {
  /// Equation 3 and its settings.
  var objective: GRPOObjective {
    GRPOObjective(
      reduction: GRPOObjective.Reduction(rawValue: reduction.rawValue) ?? .grpo,
      ratioLevel: ratioLevel == .token ? .token : .sequence, epsilonLow: Float(epsilonLow),
      epsilonHigh: Float(epsilonHigh), dualClip: dualClip.map { Float($0) }, beta: Float(beta),
      divergence: DivergenceEstimate(rawValue: divergence.rawValue) ?? .k3,
      mismatch: mismatch.map {
        MismatchCorrection(
          mode: $0.mode == .mask ? .mask : .truncate, level: $0.level == .token ? .token : .sequence,
          lower: $0.lower, upper: $0.upper)
      }, maxLength: maxNewTokens)
  }

  var learner: GRPOSettings {
    GRPOSettings(
      objective: objective,
      advantage: AdvantageNormalisation(
        epsilon: advantage.epsilon, ddof: advantage.ddof, normalise: advantage.normalise),
      optimizer: AdamWSettings(
        beta1: adam.beta1, beta2: adam.beta2, epsilon: adam.epsilon, weightDecay: weightDecay),
      schedule: LearningRateSchedule(
        shape: LearningRateSchedule.Shape(rawValue: schedule.rawValue) ?? .linear, peak: learningRate,
        warmupSteps: warmupSteps, totalSteps: steps),
      maximumGradientNorm: maxGradientNorm, promptsPerPass: promptsPerPass ?? promptsPerStep,
      innerIterations: innerIterations,
      minimumRewardDeviation: minRewardDeviation, recomputesLayers: recomputeLayers)
  }

  /// What of the model's own weights is trained.
  var part: TrainedPart {
    switch trainedPart {
    case .all: .all
    case .language: .language
    case .lora: .nothing
    }
  }
}

/// Errors of the domain and the network come from what a person asked for: another try cannot help.
func asUserError<Value>(_ body: () throws -> Value) throws -> Value { try asFailure(.userError, body) }

/// Errors that an executor has not classed itself, as failures of a class.
func asFailure<Value>(_ failureClass: FailureClass, _ body: () throws -> Value) throws -> Value {
  do {
    return try body()
  } catch let error as TaskError {
    throw error
  } catch let error as TaskStopped {
    throw error
  } catch let error as CUDAError {
    throw TaskError(error)
  } catch {
    throw TaskError(failureClass, "\(error)")
  }
}
