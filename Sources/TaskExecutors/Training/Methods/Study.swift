internal import JobModel
internal import PostTraining

/// What every rank of a learner does in a step: prepare the data and take the optimizer step together.
protocol Study: AnyObject {
  var learner: any PolicyLearner { get }
}

enum Studies {
  static func open(_ settings: TrainSettings, policy: LoadedModel, crew: LearnerCrew) throws -> any Study {
    switch settings.method {
    case .grpo: try GroupStudy(settings, policy: policy, crew: crew)
    case .sft: try ReplyStudy(settings, policy: policy, crew: crew)
    }
  }
}
