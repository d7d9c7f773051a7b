import ArgumentParser
import Checkpoints
import JobModel

struct CheckpointClear: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "gc",
    abstract: "Remove old checkpoints of a training that has ended.",
    discussion: """
      Keeps the newest --keep policies and states, each step that is a multiple of --every, and everything a kept \
      one is built on. While a training runs its learner clears behind itself.

      Example: ar1 checkpoint gc runs/first --keep 1 --dry-run
      """)

  @Argument(
    help: "A training's output folder, or the folder of one run's checkpoints.", completion: .directory)
  var folder: String
  @Option(help: "How many of the newest policies and states stay.") var keep = 2
  @Option(help: "Steps that are a multiple of this stay too; 0 keeps none.") var every = 0
  @Flag(help: "Only say what would be removed.") var dryRun = false
  @Flag(help: "Print one JSON document.") var json = false

  func validate() throws {
    guard keep >= 1, every >= 0 else { throw ValidationError("--keep is at least 1, --every at least 0") }
  }

  func run() throws {
    var removed: [String] = []
    var problems: [String] = []
    for run in try CheckpointLocation(folder).runs {
      for kind in [CheckpointManifest.Kind.policy, .state] {
        let steps = Set(run.folder.checkpoints(kind).map(\.step)).sorted()
        guard let first = steps.suffix(keep).first else { continue }
        let old = run.folder.removable(kind, below: first, every: every)
        let gone = dryRun ? old : run.folder.remove(old)
        removed += gone.map { run.folder.path(of: $0) }
        for name in old where !gone.contains(name) {
          problems.append("\(run.folder.path(of: name)) cannot be removed; look who owns it")
        }
        if old.isEmpty, first > steps[0] { problems += Self.damaged(run.folder) }
      }
    }
    if json {
      try JSONOutput.print(removed)
    } else {
      for path in removed { Terminal.write("\(dryRun ? "would remove" : "removed")  \(path)\n") }
      if removed.isEmpty, problems.isEmpty { Terminal.write("nothing to remove\n") }
    }
    for problem in Set(problems).sorted() { Terminal.writeError("\(problem)\n") }
    if !problems.isEmpty { throw ExitCode(1) }
  }

  /// What keeps all others: nobody knows which of them it is built on.
  private static func damaged(_ folder: CheckpointFolder) -> [String] {
    (folder.checkpoints(.policy) + folder.checkpoints(.state)).compactMap { name in
      do {
        _ = try Checkpoint(folder: folder.path(of: name))
        return nil
      } catch {
        return
          "nothing beside it is removed, as a checkpoint cannot be read; delete its folder if it is lost: \(error)"
      }
    }
  }
}
