internal import Checkpoints
internal import FoundationEssentials
internal import JobModel
internal import OrderedJSON
internal import PostTraining
internal import QwenVL
internal import WorkerRuntime

/// One lease's share of a training run.
final class LearningRun {
  private let settings: TrainSettings
  private let task: ClaimedTask
  private let context: TaskContext
  private let loaded: LoadedModel
  private let learner: GRPOLearner
  private let sampler: GroupSampler
  private let checkpoints: CheckpointFolder
  private var chain: CheckpointChain
  /// The newest announced version; nil while that is version 0, the model the run starts from.
  private var announced: PolicyVersion?
  private var states: Set<Int> = []
  /// nil when they could not be written, which the run survives: the ledger has every metric.
  private var metricsFiles: MetricsFiles?
  private var pace = Pace()

  init(_ settings: TrainSettings, task: ClaimedTask, context: TaskContext) throws {
    self.settings = settings
    self.task = task
    self.context = context
    loaded = try LoadedModel(
      folder: settings.model, stamp: LoadedModel.stamp(of: settings.model), training: settings.part)
    let reference = try LoadedModel(folder: settings.model, stamp: loaded.stamp)
    sampler = try GroupSampler(train: settings)
    let policy = loaded.model
    var learnerSettings = settings.learner
    learnerSettings.bestReward = sampler.reward.highest
    learner = try asUserError {
      try GRPOLearner(policy: policy, reference: reference.model, settings: learnerSettings)
    }
    checkpoints = CheckpointFolder(path: "\(settings.output)/checkpoints/run-\(task.job)")
    chain = CheckpointChain(folder: checkpoints)
    // What a learner that died was writing; this lease's epoch is later than all of theirs.
    checkpoints.removeDrafts(before: Int(task.epoch))
    context.log(
      "\(loaded.model.parameterCount) parameters, \(loaded.model.trainedParameters.count) tensors trained; "
        + "\(settings.promptsPerStep) prompts × \(settings.groupSize) answers a step from "
        + "\(sampler.stream.count) questions, reward \(settings.reward.rawValue)")
  }

  // MARK: Resuming

  /// Brings the learner to the last recorded step: the newest full state, then a replay of what was recorded since.
  func resume() async throws {
    let state = try await context.runState()
    copyMetrics("begun") {
      metricsFiles = try MetricsFiles(
        output: settings.output, job: task.job, steps: state.steps.sorted { $0.step < $1.step })
    }
    guard state.lastStep > 0 else { return }
    announced = state.versions.last
    var restored = 0
    for version in state.versions.reversed() {
      guard let checkpoint = try? Checkpoint(folder: version.path, manifestSHA256: version.sha256),
        checkpoint.manifest.kind == .state
      else { continue }
      try learner.restore(from: checkpoint)
      states.insert(version.number)
      restored = version.number
      break
    }
    context.log("resuming at step \(state.lastStep): full state of step \(restored), replaying the rest")
    for record in state.steps.sorted(by: { $0.step < $1.step }) where record.step > restored {
      try context.checkCancellation()
      guard let first = record.ordinals.min(), let last = record.ordinals.max() else { continue }
      let found = try await context.groups(from: first, through: last)
      let byOrdinal = Dictionary(uniqueKeysWithValues: found.map { ($0.ordinal, $0) })
      let groups = try record.ordinals.compactMap { byOrdinal[$0] }.map { try trainingGroup($0) }
      _ = try asUserError { try learner.step(groups) }
    }
    try verifyReplay()
  }

  /// Replaying on the same kind of machine gives the same bytes; on another it may not, and then the announced weights
  /// are what rollout workers hold.
  private func verifyReplay() throws {
    guard let announced else { return }
    let checkpoint: Checkpoint
    do {
      checkpoint = try Checkpoint(folder: announced.path, manifestSHA256: announced.sha256)
    } catch {
      throw TaskError(.transient, "version \(announced.number) was announced and cannot be read: \(error)")
    }
    if try learner.matches(checkpoint) {
      context.log("the replay reproduced version \(announced.number) byte for byte")
    } else {
      context.log(
        "the replay differs from version \(announced.number) in rounding (another processor or thread count); "
          + "going on from the announced weights", stream: .error)
      try learner.adoptWeights(from: checkpoint)
    }
  }

  // MARK: Learning

  func learn() async throws {
    let perStep = settings.promptsPerStep
    while learner.stepCount < settings.steps {
      try context.checkCancellation()
      let version = learner.stepCount
      let step = version + 1
      try await open(through: min(settings.steps, step + settings.staleness), version: version)
      let first = (step - 1) * perStep
      pace.start()
      let ledger = try await context.groups(from: Int64(first), through: Int64(first + perStep - 1))
      pace.mark("seconds/rollout")
      let groups = try ledger.map { try trainingGroup($0) }
      let learnt = try asUserError { try learner.step(groups) }
      var metrics = learnt.values
      pace.mark("seconds/learn")
      for (name, value) in Self.rewardParts(ledger) { metrics[name] = value }
      metrics["staleness"] =
        Double(ledger.reduce(0) { $0 + version - $1.behaviourVersion }) / Double(max(1, ledger.count))
      let published = try publish(step: step)
      pace.mark("seconds/publish")
      for (name, seconds) in learnt.seconds { metrics["seconds/learn/" + name] = seconds }
      for (name, seconds) in pace.seconds { metrics[name] = seconds }
      try await record(step: step, groups: ledger, published: published, metrics: metrics)
      context.progress(
        TaskProgress(
          done: Double(step), total: Double(settings.steps), unit: "steps",
          metrics: ["reward": metrics["reward/mean"] ?? 0, "kl": metrics["kl"] ?? 0]))
      context.log(Self.line(step: step, of: settings.steps, metrics))
    }
  }

  /// Asks for every group up to the end of step `through`; those already asked for stay as they are.
  private func open(through step: Int, version: Int) async throws {
    let perStep = settings.promptsPerStep
    let first = version * perStep
    let policy = announced.map { (path: $0.path, sha256: $0.sha256) }
    let starts = stride(from: first, to: step * perStep, by: settings.promptsPerTask)
    let rollouts = starts.map { start in
      // A task never spans two steps, so that a step never waits for prompts of the next.
      let end = min(start + settings.promptsPerTask, (start / perStep + 1) * perStep)
      return OpenRolloutsRequest.NewRollout(
        ordinal: Int64(start),
        payload: RolloutOrder(ordinals: start..<end, version: version, policy: policy).payload)
    }
    _ = try await context.openRollouts(version: version, rollouts)
  }

  private func record(
    step: Int, groups: [RolloutGroup], published: PublishedCheckpoint, metrics: [String: Double]
  ) async throws {
    let version = PolicyVersion(
      number: step, path: published.folder, sha256: published.manifestSHA256,
      kind: published.manifest.base == nil ? .full : .difference,
      parent: published.manifest.base == nil ? nil : step - 1)
    let record = StepRecord(
      step: step, ordinals: groups.map(\.ordinal), inputVersion: step - 1, outputVersion: step,
      metrics: metrics)
    let outcome = try await context.recordStep(record, version: version)
    guard outcome == .recorded else {
      throw TaskError(.transient, "step \(step) could not be recorded: \(outcome.rawValue)")
    }
    announced = version
    copyMetrics("continued") { try metricsFiles?.append(record) }
    if isSaved(step) { states.insert(step) }
    // Only announced versions count, and rollouts hold the newest one or, while they are asked for ahead, older ones.
    let keptStates = Set(states.sorted().suffix(2))
    checkpoints.removeCheckpoints(.policy, below: step - settings.staleness)
    checkpoints.removeCheckpoints(.state, below: step - settings.staleness, keeping: keptStates)
  }

  private func copyMetrics(_ what: String, _ write: () throws -> Void) {
    do {
      try write()
    } catch {
      metricsFiles = nil
      context.log(
        "metrics.jsonl and TensorBoard's file cannot be \(what): \(error); the run goes on and `ar1 watch "
          + "\(task.job)` shows its curves", stream: .error)
    }
  }

  private func isSaved(_ step: Int) -> Bool { step % settings.saveEvery == 0 || step == settings.steps }

  private func publish(step: Int) throws -> PublishedCheckpoint {
    let weights = learner.policyTensors()
    let published = Set(weights.map(\.name))
    let moments = isSaved(step) ? learner.stateTensors.filter { !published.contains($0.name) } : []
    do {
      return try chain.publish(
        weights, moments: moments, step: step,
        epoch: Int(task.epoch),
        origin: [
          "run": String(task.job), "model": settings.model, "seed": String(settings.seed),
          "reward": settings.reward.rawValue,
        ])
    } catch {
      throw TaskError(.transient, "the checkpoint of step \(step) cannot be published: \(error)")
    }
  }

  private func trainingGroup(_ group: RolloutGroup) throws -> TrainingGroup {
    TrainingGroup(
      ordinal: Int(group.ordinal), prompt: try sampler.prompt(of: group, with: loaded.prompts),
      completions: group.completions.map(\.tokens),
      samplerLogProbabilities: group.completions.map(\.logProbabilities),
      rewards: group.completions.map(\.reward), isOnPolicy: group.behaviourVersion == learner.stepCount)
  }

  // MARK: The end

  /// Exports the trained model in Hugging Face form and names it as the job's result.
  func finish() throws -> TaskOutcome {
    let folder = settings.output + "/model"
    let draft = settings.output + "/.model-e\(task.epoch)"
    do {
      try? FileManager.default.removeItem(atPath: draft)
      try loaded.model.save(to: draft, dtype: .float32)
      if FileManager.default.fileExists(atPath: folder) { try FileManager.default.removeItem(atPath: folder) }
      try FileManager.default.moveItem(atPath: draft, toPath: folder)
    } catch {
      throw TaskError(.transient, "the trained model cannot be written to \(folder): \(error)")
    }
    context.log("the trained model lies in \(folder)")
    return TaskOutcome(
      result: .object([
        .init("model", .string(folder)), .init("steps", .integer(learner.stepCount)),
        .init("model_sha256", .string(try ModelIdentity.hash(folder: folder))),
      ]))
  }

  // MARK: What is said about a step

  private static func rewardParts(_ groups: [RolloutGroup]) -> [(String, Double)] {
    var sums: [String: Double] = [:]
    let answers = groups.flatMap(\.completions)
    for answer in answers {
      for (name, value) in answer.parts { sums[name, default: 0] += value }
    }
    return sums.map { ("reward/" + $0.key, $0.value / Double(max(1, answers.count))) }
  }

  private static func line(step: Int, of steps: Int, _ metrics: [String: Double]) -> String {
    func text(_ name: String, _ places: Int) -> String {
      guard let value = metrics[name] else { return "-" }
      return fixed(value, places: places)
    }
    return "step \(step)/\(steps) reward \(text("reward/mean", 3)) ± \(text("reward/std", 3)) "
      + "kl \(text("kl", 4)) gradient \(text("gradient_norm", 3)) flat groups "
      + "\(text("groups/zero_variance", 2)) rollout \(text("seconds/rollout", 2)) s learn "
      + "\(text("seconds/learn", 2)) s"
  }

  /// A number with `places` decimals.
  private static func fixed(_ value: Double, places: Int) -> String {
    guard value.isFinite, abs(value) < 1e12 else { return "\(value)" }
    var scale = 1
    for _ in 0..<places { scale *= 10 }
    let scaled = Int((abs(value) * Double(scale)).rounded())
    let digits = String(scaled % scale)
    let decimals = String(repeating: "0", count: places - digits.count) + digits
    return "\(value < 0 && scaled > 0 ? "-" : "")\(scaled / scale).\(decimals)"
  }
}

/// Where the seconds of a step go.
private struct Pace {
  private(set) var seconds: [String: Double] = [:]
  private var last = ContinuousClock.now

  mutating func start() {
    seconds = [:]
    last = .now
  }

  mutating func mark(_ name: String) {
    let now = ContinuousClock.now
    seconds[name] = last.duration(to: now) / .seconds(1)
    last = now
  }
}
