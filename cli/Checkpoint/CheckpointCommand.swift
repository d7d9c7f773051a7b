import ArgumentParser
import Checkpoints
import FoundationEssentials

struct CheckpointCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "checkpoint",
    abstract: "Look at the checkpoints of a training, check, export and clear them.",
    discussion: """
      A run's checkpoints lie under its output folder, in checkpoints/run-<job>. A policy holds what rollout \
      workers read, a state also what a learner goes on from. Most policies are stored as the difference to the \
      version before (see BASE in the list).

      Example: ar1 checkpoint ls runs/first
      """,
    subcommands: [
      CheckpointList.self, CheckpointShow.self, CheckpointVerify.self, CheckpointExport.self,
      CheckpointClear.self,
    ])
}

extension Checkpoint {
  /// One that a person has named, often by the folder of the whole training.
  static func named(_ path: String) throws -> Checkpoint {
    guard FileManager.default.fileExists(atPath: path + "/manifest.json") else {
      throw CommandError(
        "\(path) is no checkpoint, it has no manifest.json; 'ar1 checkpoint ls' lists those of a training")
    }
    return try Checkpoint(folder: path)
  }
}

/// Where checkpoints lie, as people name it: a training's output folder, its `checkpoints` folder, or one run's.
struct CheckpointLocation {
  /// Each run's folder with what it holds, by step.
  let runs: [(folder: CheckpointFolder, names: [CheckpointName])]

  init(_ path: String) throws {
    let files = FileManager.default
    guard files.fileExists(atPath: path) else { throw CommandError("there is no folder \(path)") }
    var candidates = [path]
    for folder in [path, path + "/checkpoints"] {
      let names = ((try? files.contentsOfDirectory(atPath: folder)) ?? []).filter { $0.hasPrefix("run-") }
      candidates += names.sorted().map { "\(folder)/\($0)" }
    }
    runs = candidates.map { CheckpointFolder(path: $0) }.compactMap { folder in
      let names = (folder.checkpoints(.policy) + folder.checkpoints(.state)).sorted()
      return names.isEmpty ? nil : (folder, names)
    }
    guard !runs.isEmpty else {
      throw CommandError(
        "\(path) holds no checkpoints; name a training's output folder, or checkpoints/run-<job> in it")
    }
  }
}
