internal import FoundationEssentials
internal import JobModel
internal import QwenVL
internal import SAM2
internal import Synchronization
internal import Tensors
internal import WorkerRuntime

/// The models a worker process holds in memory.
///
/// An actor on a thread of its own: models are not `Sendable`, computing with them blocks for long, and two tasks of
/// one process take turns with them. It keeps what was used last, so that the shards of one job load a model once.
public actor ModelHost {
  private let thread = DedicatedThread(name: "model")
  public nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

  /// With the bytes that each took on its GPU when it had been loaded.
  private var loaded: [(gpu: Int?, model: LoadedModel, bytes: Int)] = []
  private var gpus = GPUs()
  /// Enough for a policy and the model it started from.
  private let capacity = 2
  /// Folders of the models in memory, for whoever asks while the actor computes.
  private nonisolated let folders = Mutex<[String]>([])
  private var segmenter: (folder: String, stamp: String, model: Segmenter)?

  public init() {}

  /// What it has in memory.
  nonisolated var loadedCheckpoints: [String] { folders.withLock { $0 } }

  /// Runs `body` on the host's thread with the model of `folder`, on the GPU of the task or on the processor.
  func withModel<Value: Sendable>(
    folder: String, form: WeightFormName = .float32, for context: TaskContext,
    _ body: @Sendable (LoadedModel) throws -> Value
  ) throws -> Value {
    try context.compute {
      try body(try model(folder: folder, form: form, context))
    } clear: {
      clear(context, after: $0)
    }
  }

  /// The same with a SAM2 model beside it.
  func withModel<Value: Sendable>(
    folder: String, form: WeightFormName, segmenter: String?, for context: TaskContext,
    _ body: @Sendable (LoadedModel, Segmenter?) throws -> Value
  ) throws -> Value {
    try context.compute {
      try body(try model(folder: folder, form: form, context), try segmenter.map(self.segmenter))
    } clear: {
      clear(context, after: $0)
    }
  }

  /// After a task that failed or was cancelled, nothing of it stays on its GPU.
  /// The models stay where nothing but they is left; otherwise, and on a GPU that failed or is full, nothing stays.
  private func clear(_ context: TaskContext, after error: (any Error)?) {
    guard let gpu = context.devices.first else { return }
    if holdsOnlyModels(gpu), !gpus.isLost(gpu, after: error) { return }
    removeModels(on: gpu)
    if let reason = gpus.closeReason(gpu, after: error) { context.withhold(gpu, because: reason) }
  }

  /// Lets go of the pictures that models keep. A function of its own, so that nothing here refers to a model when its
  /// memory is looked for.
  private func holdsOnlyModels(_ gpu: Int) -> Bool {
    let models = loaded.filter { $0.gpu == gpu }
    for (_, model, _) in models { model.keptImages.removeAll() }
    return gpus.bytes(on: gpu) <= models.reduce(0) { $0 + $1.bytes }
  }

  /// Lets go of a GPU and of the models there.
  func letGo(ofDevice gpu: Int) {
    removeModels(on: gpu)
    _ = gpus.close(gpu)
  }

  private func removeModels(on gpu: Int) {
    loaded.removeAll { $0.gpu == gpu }
    folders.withLock { $0 = loaded.map(\.model.folder) }
  }

  /// The SAM2 model of `folder`; the one used last stays in memory.
  private func segmenter(folder: String) throws -> Segmenter {
    let stamp = LoadedModel.stamp(of: folder)
    if let segmenter, segmenter.folder == folder, segmenter.stamp == stamp { return segmenter.model }
    let model = try asUserError { try Segmenter(folder: folder) }
    segmenter = (folder, stamp, model)
    return model
  }

  /// The model of `folder`, loaded again when its files have changed.
  private func model(folder: String, form: WeightFormName, _ context: TaskContext) throws -> LoadedModel {
    let gpu = context.devices.first
    defer { folders.withLock { $0 = loaded.map(\.model.folder) } }
    let stamp = LoadedModel.stamp(of: folder)
    if let index = loaded.firstIndex(where: {
      $0.model.folder == folder && $0.model.form == form && $0.gpu == gpu
    }) {
      let found = loaded.remove(at: index)
      if found.model.stamp == stamp {
        loaded.append(found)
        return found.model
      }
    }
    if loaded.count >= capacity { loaded.removeFirst() }
    let before = gpus.bytes(on: gpu)
    let fresh = try LoadedModel(
      folder: folder, stamp: stamp, form: form, device: try gpus.device(gpu), onNotice: { context.log($0) })
    loaded.append((gpu, fresh, gpus.bytes(on: gpu) - before))
    return fresh
  }
}
