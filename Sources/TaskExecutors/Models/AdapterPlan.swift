internal import JobModel
internal import QwenVL

/// The adapter a training puts on its model: the same for the learner and for every worker that samples.
struct AdapterPlan {
  let settings: LoRASettings
  /// Decides its first values, under which the model computes what it did before.
  let seed: UInt64
  /// Whether its matrices record gradients.
  let isTrained: Bool

  /// A model under a fresh adapter.
  func adapt(_ model: QwenModel) throws -> QwenModel {
    model.adapted(by: try LoRAAdapter(for: model, settings: settings, seed: seed), training: isTrained)
  }
}

extension TrainSettings {
  /// nil where the model's own weights are trained.
  func adapterPlan(training: Bool) -> AdapterPlan? {
    guard trainedPart == .lora else { return nil }
    let adapter = lora ?? AdapterSettings()
    return AdapterPlan(
      settings: LoRASettings(
        rank: adapter.rank, alpha: adapter.alpha,
        targets: adapter.targets.compactMap { LoRASettings.Target(rawValue: $0.rawValue) }),
      seed: UInt64(seed), isTrained: training)
  }
}
