internal import Checkpoints
internal import FoundationEssentials
package import Inspection
internal import JobModel
internal import WorkerRuntime

extension TrainingRecord {
  /// What a run's model will have been trained on: the pictures of the run's data, behind what the model or the run
  /// that it starts from had been trained on.
  init(of settings: TrainSettings) throws {
    let prompts = try PromptSets.open(settings, requiringImages: false)
    let start = settings.fork.map { Self.runFolder(of: $0.checkpoint) } ?? settings.model
    self = TrainingRecord([Part(source: prompts.folder, images: prompts.pictures)]).following(
      try Self.path(inModel: start).map(TrainingRecord.init(path:)))
  }

  /// The record of the run that published a checkpoint, if it left one.
  package static func path(besidesCheckpoint folder: String) -> String? {
    path(inModel: runFolder(of: folder))
  }

  private static func runFolder(of checkpoint: String) -> String { checkpoint + "/.." }

  /// Writes the record into a folder, which is made if it is not there.
  func write(to folder: String) throws {
    do {
      try DurableFiles.makeFolder(folder)
      try DurableFiles.replace(
        "\(folder)/\(Self.file)", with: Array((json.serialized(pretty: true) + "\n").utf8))
    } catch {
      throw OutputError.failure("the record of what is trained on cannot be written: \(error)")
    }
  }
}
