internal import JobModel

extension TrainSettings {
  /// The settings of a learner that has run out of memory so often: as many halvings of what passes through the network
  /// at once, and layers computed again instead of kept. What a step learns is the same up to rounding.
  func halved(_ times: Int) -> TrainSettings {
    guard times > 0 else { return self }
    var settings = self
    settings.promptsPerPass = min(promptsPerPass ?? promptsPerStep, promptsPerStep).halved(times)
    settings.recomputeLayers = true
    return settings
  }
}

extension Int {
  /// Half so often, and at least 1.
  func halved(_ times: Int) -> Int { Swift.max(1, self >> Swift.min(Swift.max(0, times), 30)) }
}
