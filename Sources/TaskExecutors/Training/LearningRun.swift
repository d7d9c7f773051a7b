internal import CPlatform
internal import Checkpoints
internal import FoundationEssentials
internal import Inspection
internal import JobModel
internal import OrderedJSON
internal import PostTraining
internal import QwenVL
internal import Tensors
internal import WorkerRuntime

/// One lease's share of a training run.
final class LearningRun {
  private let settings: TrainSettings
  private let context: TaskContext
  private let loaded: LoadedModel
  private let method: any LearningMethod
  private let crew: LearnerCrew
  private let heldOut: HeldOutMeasurement?
  private var history: ValidationHistory?
  private var versions: RunVersions
  private let record: TrainingRecord
  /// The newest announced version; nil while that is version 0, the model the run starts from.
  private var announced: PolicyVersion?
  /// Others are due the place: the step under way is the last here.
  private var yields = false
  /// nil when they could not be written, which the run survives: the ledger has every metric.
  private var metricsFiles: MetricsFiles?

  private var learner: any PolicyLearner { method.learner }

  /// - Parameter device: the GPU to compute on; nil: the processor.
  init(
    _ settings: TrainSettings, task: ClaimedTask, crew: LearnerCrew, context: TaskContext, device: CUDADevice?
  ) throws {
    let settings = settings.halved(task.memoryFailures)
    self.settings = settings
    self.context = context
    self.crew = crew
    try TrainingForecast(settings).requireRoom(
      on: device.map { .init(memory: $0.memoryBytes, gpu: $0.name) } ?? .thisMachine)
    var spec = task.spec
    spec.settings = .train(settings)
    try crew.tell(.begin(spec))
    loaded = try LoadedModel(policyOf: settings, training: true, device: device)
    method =
      switch settings.method {
      case .grpo: try GroupLearning(settings, policy: loaded, crew: crew, context: context)
      case .sft: try ReplyLearning(settings, policy: loaded, crew: crew, context: context)
      }
    heldOut = try settings.validation.map {
      try HeldOutMeasurement($0, of: settings, halvings: task.memoryFailures)
    }
    history = heldOut.map { ValidationHistory(metric: $0.metric, patience: settings.validation?.patience) }
    versions = RunVersions(settings, run: task.job, epoch: task.epoch)
    record = try asUserError { try TrainingRecord(of: settings) }
    try record.write(to: versions.folder.path)
    context.log(
      "\(loaded.model.parameterCount) parameters, \(loaded.model.trainedParameters.count) tensors trained "
        + "by \(settings.method.rawValue)")
  }

  // MARK: Resuming

  /// Brings the learner to the last recorded step: the newest full state, then a replay of what was recorded since.
  func resume() async throws {
    let state = try await context.runState()
    let steps = state.steps.sorted { $0.step < $1.step }
    for step in steps { history?.add(step.metrics, step: step.step) }
    copyMetrics("begun") {
      metricsFiles = try MetricsFiles(output: settings.output, job: context.task.job, steps: steps)
    }
    announced = state.versions.last
    if announced == nil, let fork = settings.fork { announced = try await begin(fork) }
    let restored = try KnownStates(
      among: state.versions.isEmpty ? [announced].compactMap { $0 } : state.versions
    ).restoreNewest(into: learner, crew: crew, context: context)
    if let step = restored.step { versions.noteState(step) }
    guard state.lastStep > 0 else { return }
    if restored.step == nil, let fork = settings.fork {
      throw TaskError(
        .userError,
        "the state that this fork began from, \(fork.checkpoint), cannot be read any more, and the fork has none of its "
          + "own; fork again from one that 'ar1 checkpoint ls' lists")
    }
    context.log(
      "resuming at step \(state.lastStep): full state of step \(restored.step ?? 0), replaying the rest")
    let damaged = try await replay(
      steps.filter { $0.step > restored.step ?? 0 }, mending: restored.passedOver)
    if damaged.isEmpty { try verifyReplay() } else { try goOnWithoutWhatIsDamaged() }
  }

  /// - Parameter damaged: full states that are written again when the replay comes to their steps.
  /// - Returns: those of them that stay damaged.
  private func replay(_ steps: [StepRecord], mending damaged: [PolicyVersion]) async throws -> [PolicyVersion]
  {
    var damaged = damaged
    for record in steps {
      try context.checkCancellation()
      try await method.replay(record)
      if let index = damaged.firstIndex(where: { $0.number == record.step }),
        try versions.mend(damaged[index], from: learner)
      {
        context.log("the full state of step \(record.step) is whole again")
        damaged.remove(at: index)
      }
    }
    return damaged
  }

  /// The announced version may be a difference to what is damaged: whoever samples next gets the weights whole.
  private func goOnWithoutWhatIsDamaged() throws {
    do {
      try verifyReplay()
    } catch {
      context.log("going on from the replayed weights: \(error)", stream: .error)
    }
    guard method.publishesEveryStep, announced?.number == learner.stepCount else { return }
    announced = try versions.publish(learner, step: learner.stepCount, asState: false)
  }

  /// Announces the state a fork starts from as its first version.
  private func begin(_ fork: ForkSettings) async throws -> PolicyVersion {
    do {
      let checkpoint = try Checkpoint(folder: fork.checkpoint, manifestSHA256: fork.sha256)
      guard checkpoint.manifest.kind == .state, checkpoint.manifest.step == fork.step else {
        throw CheckpointError("\(fork.checkpoint) is no full state after step \(fork.step)")
      }
    } catch {
      throw TaskError(
        .userError, "the state to fork from cannot be read: \(error); 'ar1 checkpoint ls' lists what is there"
      )
    }
    let version = PolicyVersion(
      number: fork.step, path: fork.checkpoint, sha256: fork.sha256, kind: .full)
    try await context.announceVersion(version)
    context.log("a fork of job \(fork.run) after its step \(fork.step)")
    return version
  }

  /// Replaying on the same kind of machine gives the same bytes; on another it may not, and then the announced weights
  /// are what rollout workers hold.
  private func verifyReplay() throws {
    guard let announced, announced.number == learner.stepCount else { return }
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
      try crew.tell(.adopt(path: announced.path, sha256: announced.sha256))
    }
  }

  // MARK: Learning

  func learn() async throws {
    while learner.stepCount < settings.steps, !(history?.isOver ?? false) {
      try context.checkCancellation()
      let clock = ContinuousClock()
      let start = clock.now
      let input = learner.stepCount
      let step = input + 1
      var taken = try await method.step(from: announced)
      CommitPoint.learnt.pass(step: step)
      if let heldOut, heldOut.isDue(step: step, of: settings.steps) {
        let before = clock.now
        taken.metrics.merge(try heldOut.measure(loaded, context: context)) { _, new in new }
        taken.metrics["seconds/validation"] = before.duration(to: clock.now) / .seconds(1)
      }
      let before = clock.now
      yields = context.isAskedToYield
      let published = try publish(step: step, measured: taken.metrics)
      taken.metrics["seconds/publish"] = before.duration(to: clock.now) / .seconds(1)
      taken.metrics["tokens_per_second"] =
        (taken.metrics["tokens"] ?? 0) / max(1e-9, start.duration(to: clock.now) / .seconds(1))
      taken.metrics["memory/peak"] = Double(ar1_memory_peak())
      leaveOutWhatIsNotFinite(&taken.metrics, step: step)
      CommitPoint.published.pass(step: step)
      try await record(step: step, input: input, taken: taken, published: published)
      context.progress(
        TaskProgress(
          done: Double(step), total: Double(settings.steps), unit: "steps",
          metrics: taken.metrics.filter { StepLine.shown.contains($0.key) }))
      context.log(StepLine.text(step: step, of: settings.steps, taken.metrics))
      if yields, step < settings.steps {
        context.log("gives way after step \(step), whose full state is saved")
        throw TaskStopped(reason: .preempted)
      }
    }
    if let history, history.isOver, let best = history.best, learner.stepCount < settings.steps {
      context.log(
        "stopped early after step \(learner.stepCount): \(history.metric.rawValue) was best at step \(best.step)"
      )
    }
  }

  /// A policy that has left its reference far behind makes estimates overflow; neither the ledger nor a curve has a place
  /// for that, and the step itself is sound as long as its gradient is.
  private func leaveOutWhatIsNotFinite(_ metrics: inout [String: Double], step: Int) {
    let names = metrics.filter { !$0.value.isFinite }.keys.sorted()
    guard !names.isEmpty else { return }
    for name in names { metrics[name] = nil }
    context.log(
      "step \(step): \(names.joined(separator: ", ")) cannot be told, for the policy is too far from the one it is compared "
        + "with; a lower learning rate may help", stream: .error)
  }

  /// Publishes the weights where somebody needs them: a worker that samples, a resuming learner, the best version.
  private func publish(step: Int, measured: [String: Double]) throws -> PolicyVersion? {
    var ahead = history
    ahead?.add(measured, step: step)
    let isLast = step == settings.steps || ahead?.isOver ?? false
    let isState = step % settings.saveEvery == 0 || isLast || yields
    let isMeasured = heldOut?.isDue(step: step, of: settings.steps) ?? false
    guard method.publishesEveryStep || isState || isMeasured else { return nil }
    return try versions.publish(learner, step: step, asState: isState)
  }

  private func record(step: Int, input: Int, taken: TakenStep, published: PolicyVersion?) async throws {
    let record = StepRecord(
      step: step, ordinals: taken.ordinals, inputVersion: input, outputVersion: step, metrics: taken.metrics)
    let recorded = try await context.recordStep(record, version: published)
    guard recorded.outcome == .recorded else {
      throw TaskError(.transient, "step \(step) could not be recorded: \(recorded.outcome.rawValue)")
    }
    CommitPoint.recorded.pass(step: step)
    history?.add(taken.metrics, step: step)
    copyMetrics("continued") { try metricsFiles?.append(record) }
    guard let published else { return }
    announced = published
    versions.clean(after: published, keeping: history?.best?.step, forkedSteps: recorded.forkedSteps)
    CommitPoint.cleaned.pass(step: step)
  }

  private func copyMetrics(_ what: String, _ write: () throws -> Void) {
    do {
      try write()
    } catch {
      metricsFiles = nil
      context.log(
        "metrics.jsonl and TensorBoard's file cannot be \(what): \(error); the run goes on and `ar1 watch "
          + "\(context.task.job)` shows its curves", stream: .error)
    }
  }

  // MARK: The end

  /// Exports the trained model in Hugging Face form, and the best version beside it, and names both as the result.
  func finish() async throws -> TaskOutcome {
    let export = ModelExport(
      output: settings.output, epoch: context.task.epoch, dtype: settings.dtype.stored, record: record)
    let last = learner.stepCount
    let folder = try export.write(loaded.model, as: "model", step: last)
    if let adapter = loaded.model.adapter { try export.write(adapter, of: settings.model) }
    context.log("the trained model lies in \(folder)")
    var result: [JSON.Member] = [
      .init("model", .string(folder)), .init("steps", .integer(last)),
      .init("model_sha256", .string(try ModelIdentity.hash(folder: folder))),
    ]
    if let history, let best = history.best {
      var place = folder
      if best.step != last {
        let state = try await context.runState()
        guard let version = state.versions.first(where: { $0.number == best.step }) else {
          throw TaskError(.transient, "the best version, of step \(best.step), is not in the ledger")
        }
        do {
          try learner.adoptWeights(from: Checkpoint(folder: version.path, manifestSHA256: version.sha256))
        } catch {
          throw TaskError(.transient, "the best version, of step \(best.step), cannot be read: \(error)")
        }
        place = try export.write(loaded.model, as: "best", step: best.step)
      }
      context.log("best \(history.metric.rawValue): \(best.value) at step \(best.step), in \(place)")
      result.append(
        .init(
          "best",
          .object([
            .init("model", .string(place)), .init("step", .integer(best.step)),
            .init("metric", .string(history.metric.rawValue)), .init("value", .number(best.value)),
          ])))
    }
    return TaskOutcome(result: .object(result))
  }
}
