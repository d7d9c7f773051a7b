internal import FoundationEssentials
internal import Inspection
internal import JobModel
internal import QwenVL
internal import WorkerRuntime

/// Writes a run's models in Hugging Face form: under a draft's name, then in the place of what was there.
struct ModelExport {
  let output: String
  let epoch: Epoch
  /// How weights are stored.
  let dtype: QwenModel.StoredType
  /// Lies in every folder that is written, so that an evaluation knows what was learnt from.
  let record: TrainingRecord

  /// The adapter alone, in PEFT's files.
  func write(_ adapter: LoRAAdapter, of base: String) throws {
    do {
      try adapter.save(to: "\(output)/adapter", base: base)
    } catch {
      throw TaskError(.transient, "the adapter cannot be written to \(output)/adapter: \(error)")
    }
    try record.write(to: "\(output)/adapter")
  }

  /// Writes a model, an adapter merged into its weights.
  ///
  /// - Returns: the folder, `<output>/<name>`.
  func write(_ model: QwenModel, as name: String, step: Int) throws -> String {
    let folder = "\(output)/\(name)"
    let draft = "\(output)/.\(name)-e\(epoch)"
    let files = FileManager.default
    do {
      try? files.removeItem(atPath: draft)
      try model.save(to: draft, dtype: dtype)
      try record.write(to: draft)
      CommitPoint.exporting.pass(step: step)
      if files.fileExists(atPath: folder) { try files.removeItem(atPath: folder) }
      try files.moveItem(atPath: draft, toPath: folder)
    } catch {
      throw TaskError(.transient, "the model of step \(step) cannot be written to \(folder): \(error)")
    }
    // What a learner that died here was writing.
    for other in (try? files.contentsOfDirectory(atPath: output)) ?? [] where other.hasPrefix(".\(name)-e") {
      try? files.removeItem(atPath: "\(output)/\(other)")
    }
    return folder
  }
}
