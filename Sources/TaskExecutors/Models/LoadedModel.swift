internal import Checkpoints
internal import FoundationEssentials
internal import Inspection
internal import JobModel
internal import QwenVL
internal import Tensors
internal import WorkerRuntime

/// A model folder in memory with everything needed to talk to it.
final class LoadedModel {
  let folder: String
  /// Names the state of the folder's files when they were read.
  let stamp: String
  let form: WeightFormName
  let model: QwenModel
  let prompts: PromptSource
  /// Of images that many prompts show.
  let keptImages = KeptImages()
  let stopTokenIDs: [Int]
  /// Features of pictures a retrieval has looked at, by path.
  var pictureFeatures = PictureFeatures()
  /// Which policy checkpoint the weights come from, once they are no longer the folder's.
  private(set) var policy: String?

  /// - Parameters:
  ///   - form: how the weights are held; int8 ones cannot be trained.
  ///   - adapter: put on the model's weights as they are in the folder.
  ///   - device: the GPU to compute on; nil: the processor.
  init(
    folder: String, stamp: String, form: WeightFormName = .float32, training: TrainedPart = .nothing,
    adapter: AdapterPlan? = nil, device: CUDADevice? = nil, onNotice: (String) -> Void = { _ in }
  ) throws {
    self.folder = folder
    self.stamp = stamp
    self.form = form
    do {
      let own = try QwenModel.load(
        folder: folder, dtype: form.resolved, training: training, device: device, onNotice: onNotice)
      model = try adapter?.adapt(own) ?? own
      prompts = try PromptSource(folder: folder)
      stopTokenIDs = try GenerationDefaults(folder: folder).stopTokenIDs
    } catch let error as CUDAError {
      throw TaskError(error)
    } catch {
      throw TaskError(.userError, "the model in \(folder) cannot be loaded: \(error)")
    }
  }

  /// The policy of a training, before its first step.
  convenience init(policyOf settings: TrainSettings, training: Bool, device: CUDADevice? = nil) throws {
    try self.init(
      folder: settings.model, stamp: Self.stamp(of: settings.model), form: settings.dtype.form,
      training: training ? settings.part : .nothing, adapter: settings.adapterPlan(training: training),
      device: device)
  }

  /// Sizes and times of the folder's files: cheap, and different after a model was replaced.
  static func stamp(of folder: String) -> String {
    let names = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
    return names.map { name in
      let attributes = (try? FileManager.default.attributesOfItem(atPath: folder + "/" + name)) ?? [:]
      let size = (attributes[.size] as? Int) ?? 0
      let time = (attributes[.modificationDate] as? Date)?.timeIntervalSince1970 ?? 0
      return "\(name):\(size):\(time)"
    }.joined(separator: ";")
  }

  /// Takes over the weights of a published checkpoint, in place.
  ///
  /// - Parameters:
  ///   - path: the checkpoint's folder.
  ///   - sha256: the manifest's hash as the ledger announced it.
  func adoptPolicy(path: String, sha256: String) throws {
    guard policy != sha256 else { return }
    // Other weights see other things.
    keptImages.removeAll()
    pictureFeatures = PictureFeatures()
    do {
      let checkpoint = try Checkpoint(folder: path, manifestSHA256: sha256)
      let stored = Set(checkpoint.names)
      // Parameters that are not stored are frozen and still those of the folder.
      for (name, tensor) in model.parameters + (model.adapter?.parameters ?? []) where stored.contains(name) {
        try checkpoint.load(name, into: tensor)
      }
      try model.device?.check()
    } catch let error as CUDAError {
      policy = "unusable"
      throw TaskError(error)
    } catch {
      // Half the weights may be new: nothing may be sampled from them.
      policy = "unusable"
      throw TaskError(.transient, "policy \(path) cannot be loaded: \(error)")
    }
    policy = sha256
  }
}
