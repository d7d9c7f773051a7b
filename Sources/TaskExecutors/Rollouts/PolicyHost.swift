internal import JobModel
internal import Synchronization
internal import Tensors
internal import WorkerRuntime

/// The policy a rollout worker samples from: one run's model, moved from version to version in place.
public actor PolicyHost {
  private let thread = DedicatedThread(name: "policy")
  public nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

  private var run: JobID?
  private var gpu: Int?
  private var gpus = GPUs()
  /// For whoever asks while the actor computes.
  private nonisolated let loadedRun = Mutex<JobID?>(nil)
  private var loaded: LoadedModel?
  /// What it took on its GPU when it had been loaded.
  private var loadedBytes = 0
  private var sampler: GroupSampler?

  public init() {}

  /// What it has in memory.
  nonisolated var loadedCheckpoints: [String] {
    loadedRun.withLock { $0 }.map { [CheckpointKey.run($0)] } ?? []
  }

  /// Samples the groups of an order, on the task's GPU or on the processor.
  func groups(
    _ settings: TrainSettings, _ order: RolloutOrder, for context: TaskContext,
    drawn: @escaping @Sendable (Int) -> Void
  ) throws -> [RolloutGroup] {
    try context.compute {
      try sampled(settings, order, context, drawn: drawn)
    } clear: {
      clear(context, after: $0)
    }
  }

  /// After a task that failed or was cancelled, nothing of it stays on its GPU; nor does the policy on one that failed or
  /// is full.
  private func clear(_ context: TaskContext, after error: (any Error)?) {
    guard let gpu = context.devices.first else { return }
    loaded?.keptImages.removeAll()
    let isClean = gpus.bytes(on: gpu) <= (loaded == nil ? 0 : loadedBytes)
    if isClean, !gpus.isLost(gpu, after: error) { return }
    removePolicy()
    if let reason = gpus.closeReason(gpu, after: error) { context.withhold(gpu, because: reason) }
  }

  /// Lets go of a GPU and of the policy there.
  func letGo(ofDevice gpu: Int) {
    if self.gpu == gpu { removePolicy() }
    _ = gpus.close(gpu)
  }

  private func removePolicy() {
    loaded = nil
    loadedRun.withLock { $0 = nil }
  }

  private func sampled(
    _ settings: TrainSettings, _ order: RolloutOrder, _ context: TaskContext,
    drawn: @escaping @Sendable (Int) -> Void
  ) throws -> [RolloutGroup] {
    let (run, gpu) = (context.task.job, context.devices.first)
    if self.gpu != gpu { loaded = nil }
    self.gpu = gpu
    // Until the other run's policy is there the worker holds none; whatever fails here, nothing of it goes by that name.
    if self.run != run {
      removePolicy()
      sampler = nil
      self.run = run
    }
    // Version 0 is the folder's own weights, which a later version has overwritten in memory.
    if loaded == nil || (order.policy == nil && loaded?.policy != nil) {
      loaded = nil  // its memory is needed for the next
      let before = gpus.bytes(on: gpu)
      loaded = try LoadedModel(policyOf: settings, training: false, device: try gpus.device(gpu))
      loadedBytes = gpus.bytes(on: gpu) - before
    }
    if sampler == nil { sampler = try GroupSampler(train: settings) }
    guard let loaded, let sampler else { return [] }
    loadedRun.withLock { $0 = run }
    if let policy = order.policy { try loaded.adoptPolicy(path: policy.path, sha256: policy.sha256) }
    return try sampler.groups(
      of: order.ordinals, run: run, version: order.version, with: loaded,
      halvings: context.task.memoryFailures, drawn: drawn, isCancelled: { context.isCancelled })
  }
}
