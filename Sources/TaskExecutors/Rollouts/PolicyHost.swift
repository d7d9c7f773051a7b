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
  private var sampler: GroupSampler?

  public init() {}

  /// What it has in memory.
  nonisolated var loadedCheckpoints: [String] {
    loadedRun.withLock { $0 }.map { [CheckpointKey.run($0)] } ?? []
  }

  /// Samples the groups of an order, on a GPU or with nil on the processor.
  /// - Parameter halvings: of what is decoded together.
  func groups(
    _ settings: TrainSettings, _ order: RolloutOrder, run: JobID, gpu: Int?, halvings: Int,
    drawn: @escaping @Sendable (Int) -> Void,
    isCancelled: @escaping @Sendable () -> Bool
  ) throws -> [RolloutGroup] {
    do {
      return try sampled(
        settings, order, run: run, gpu: gpu, halvings: halvings, drawn: drawn, isCancelled: isCancelled)
    } catch {
      if gpus.isLost(gpu, after: error) {
        // Nothing of this process stays on a GPU that failed or that is full.
        loaded = nil
        loadedRun.withLock { $0 = nil }
        gpus.forget(gpu)
      }
      if let error = error as? CUDAError { throw TaskError(error) }
      throw error
    }
  }

  private func sampled(
    _ settings: TrainSettings, _ order: RolloutOrder, run: JobID, gpu: Int?, halvings: Int,
    drawn: @escaping @Sendable (Int) -> Void, isCancelled: @escaping @Sendable () -> Bool
  ) throws -> [RolloutGroup] {
    if self.gpu != gpu { loaded = nil }
    self.gpu = gpu
    let isOther = self.run != run
    // Until the other run's policy is there the worker holds none.
    if isOther { loadedRun.withLock { $0 = nil } }
    // Version 0 is the folder's own weights, which a later version has overwritten in memory.
    if isOther || loaded == nil || (order.policy == nil && loaded?.policy != nil) {
      loaded = nil  // its memory is needed for the next
      loaded = try LoadedModel(policyOf: settings, training: false, device: try gpus.device(gpu))
    }
    if isOther || sampler == nil { sampler = try GroupSampler(train: settings) }
    self.run = run
    guard let loaded, let sampler else { return [] }
    loadedRun.withLock { $0 = run }
    if let policy = order.policy { try loaded.adoptPolicy(path: policy.path, sha256: policy.sha256) }
    return try sampler.groups(
      of: order.ordinals, run: run, version: order.version, with: loaded, halvings: halvings, drawn: drawn,
      isCancelled: isCancelled)
  }
}
