public import WorkerRuntime

/// Everything a worker of this program can do.
public enum TaskExecutorCatalogue {
  /// One executor per job kind and role, sharing the models in memory.
  public static func all() -> [any WorkerRuntime.TaskExecutor] {
    let host = ModelHost()
    return [
      LearnExecutor(), RolloutGroupExecutor(host: PolicyHost()), EvaluationExecutor(host: host),
      ScoringExecutor(host: host), RolloutJobExecutor(host: host),
    ]
  }
}
