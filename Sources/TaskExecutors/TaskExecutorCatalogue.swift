package import WorkerRuntime

/// Everything a worker of this program can do.
public enum TaskExecutorCatalogue {
  /// One executor per job kind and role, sharing the models in memory.
  ///
  /// - Parameter crew: the processes that make up a learner.
  package static func all(crew: LearnerCrew = .alone()) -> [any WorkerRuntime.TaskExecutor] {
    let host = ModelHost()
    return [
      LearnExecutor(crew: crew), RolloutGroupExecutor(host: PolicyHost()), EvaluationExecutor(host: host),
      ScoringExecutor(host: host), RolloutJobExecutor(host: host),
    ]
  }
}
