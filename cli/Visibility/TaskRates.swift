import JobModel

/// How fast running tasks get on, from their progress over the last looks.
struct TaskRates {
  private struct Look {
    let at: Timestamp
    let done: Double
  }

  /// Rates are taken over so many seconds: progress comes with heartbeats, in steps.
  private static let window = 30.0
  private var looks: [TaskID: [Look]] = [:]

  mutating func add(_ overview: Overview) {
    var kept: [TaskID: [Look]] = [:]
    for task in overview.tasks {
      guard let progress = task.progress else { continue }
      var known = looks[task.task] ?? []
      // A task that was interrupted counts from the start again.
      if let last = known.last, last.done > progress.done { known = [] }
      known.append(Look(at: overview.at, done: progress.done))
      kept[task.task] = known.filter { $0.at >= overview.at - Self.window }
    }
    looks = kept
  }

  /// Units per second; nil before anything moved.
  subscript(task: TaskID) -> Double? {
    guard let known = looks[task], let first = known.first, let last = known.last, last.at > first.at,
      last.done > first.done
    else { return nil }
    return (last.done - first.done) / (last.at - first.at)
  }
}
