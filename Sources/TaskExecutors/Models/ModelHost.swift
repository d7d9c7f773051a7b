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

  private var loaded: [(gpu: Int?, model: LoadedModel)] = []
  private var gpus = GPUs()
  /// Enough for a policy and the model it started from.
  private let capacity = 2
  /// Folders of the models in memory, for whoever asks while the actor computes.
  private nonisolated let folders = Mutex<[String]>([])
  private var segmenter: (folder: String, stamp: String, model: Segmenter)?

  public init() {}

  /// What it has in memory.
  nonisolated var loadedCheckpoints: [String] { folders.withLock { $0 } }

  /// Runs `body` on the host's thread with the model of `folder` on a GPU, or with nil on the processor.
  /// - Parameter onNotice: told what a person may want to know of the loading.
  func withModel<Value: Sendable>(
    folder: String, form: WeightFormName = .float32, gpu: Int?,
    onNotice: @Sendable (String) -> Void = { _ in }, _ body: @Sendable (LoadedModel) throws -> Value
  ) throws -> Value {
    try onGPU(gpu) { try body(try model(folder: folder, form: form, gpu: gpu, onNotice: onNotice)) }
  }

  /// The same with a SAM2 model beside it.
  func withModel<Value: Sendable>(
    folder: String, form: WeightFormName, gpu: Int?, segmenter: String?,
    onNotice: @Sendable (String) -> Void, _ body: @Sendable (LoadedModel, Segmenter?) throws -> Value
  ) throws -> Value {
    try onGPU(gpu) {
      try body(
        try model(folder: folder, form: form, gpu: gpu, onNotice: onNotice),
        try segmenter.map(self.segmenter))
    }
  }

  /// After a GPU failed, or its memory did not suffice, nothing of this process stays on it.
  private func onGPU<Value>(_ gpu: Int?, _ body: () throws -> Value) throws -> Value {
    do {
      return try body()
    } catch {
      if gpus.isLost(gpu, after: error) {
        loaded.removeAll { $0.gpu == gpu }
        folders.withLock { $0 = loaded.map(\.model.folder) }
        gpus.forget(gpu)
      }
      if let error = error as? CUDAError { throw TaskError(error) }
      throw error
    }
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
  private func model(
    folder: String, form: WeightFormName, gpu: Int?, onNotice: (String) -> Void
  ) throws -> LoadedModel {
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
    let fresh = try LoadedModel(
      folder: folder, stamp: stamp, form: form, device: try gpus.device(gpu), onNotice: onNotice)
    loaded.append((gpu, fresh))
    return fresh
  }
}
