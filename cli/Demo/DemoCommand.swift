import ArgumentParser
import FoundationEssentials
import LocalPostgres
import Tensors

struct DemoCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "demo",
    abstract: "Show the whole system at work: data, evaluation, GRPO training, evaluation, scoring.",
    discussion: """
      Draws an inspection data set, starts a private PostgreSQL, a coordinator, a learner and a rollout worker, and \
      runs four jobs through the queue. Everything lies below the folder, which is emptied first. It takes a few \
      minutes on two cores; Ctrl-C stops it in order.

      Example: ar1 demo --folder .demo --seed 1
      """)

  @Option(help: "Folder for data, jobs and results; what an earlier demo left there is removed.") var folder =
    ".demo"
  @Option(help: "Model to start from, as 'ar1 base make' leaves it.", completion: .directory)
  var model = "models/demo-base"
  @Option(help: "Decides the pictures and the training.") var seed = 1
  @Option(help: "Optimizer steps of the training.") var steps = DemoRun.defaultSteps
  @Flag(help: "Compute on a GPU: every task that computes asks for one (docs/cuda.md).") var gpu = false

  func validate() throws {
    guard seed >= 0 else { throw ValidationError("--seed is 0 or larger") }
    guard (1...100_000).contains(steps) else { throw ValidationError("--steps is 1 to 100,000") }
  }

  func run() async throws {
    let root = UpCommand.absolute(folder)
    let model = UpCommand.absolute(self.model)
    guard FileManager.default.fileExists(atPath: model + "/config.json") else {
      throw CommandError("\(model) holds no model; make one with: ar1 base make --output \(self.model)")
    }
    if gpu { try Self.requireGPU() }
    do {
      let lock = try await Self.empty(root)
      let run = DemoRun(
        root: root, model: model, seed: seed, steps: steps, gpus: gpu ? 1 : 0, lock: lock)
      try await TerminationSignals.cancelling { try await run.perform() }
    } catch is CancellationError {
      Terminal.writeError("stopped; nothing is left running, what was made so far lies in \(folder)\n")
      throw ExitCode(130)
    }
  }

  /// Jobs that ask for a GPU where there is none would wait for ever.
  private static func requireGPU() throws {
    var others: [String] = []
    do {
      guard try CUDADevice.all(onOther: { others.append($0) }).isEmpty else { return }
    } catch {
      throw CommandError("--gpu: \(error.reason)")
    }
    let reason = others.isEmpty ? "the driver shows no GPU" : others.joined(separator: "; ")
    throw CommandError("--gpu: \(reason); CUDA_VISIBLE_DEVICES may hide one")
  }

  /// Removes what a demo leaves, and nothing in a folder that is none or where one runs; takes the folder.
  private static func empty(_ root: String) async throws -> SystemLock {
    let files = FileManager.default
    let mark = root + "/.ar1-demo"
    if let names = try? files.contentsOfDirectory(atPath: root), !names.isEmpty {
      guard files.fileExists(atPath: mark) else {
        throw CommandError("\(root) is not empty and no demo made it; choose another --folder")
      }
    }
    try files.createDirectory(atPath: root, withIntermediateDirectories: true)
    guard files.createFile(atPath: mark, contents: Data()) else {
      throw CommandError("\(root) cannot be written to")
    }
    let lock = try await SystemLock.take(under: root) { Terminal.write($0 + "\n") }
    // It may lie elsewhere, and would bring back the jobs of a demo that was interrupted.
    try LocalPostgres.remove(folder: DemoRun.database(under: root))
    // All but the mark and the lock: a new file in the lock's place would be free for the next one to take.
    for name in try files.contentsOfDirectory(atPath: root) where ![".ar1", ".ar1-demo"].contains(name) {
      try files.removeItem(atPath: root + "/" + name)
    }
    for name in try files.contentsOfDirectory(atPath: root + "/.ar1") where name != "lock" {
      try files.removeItem(atPath: root + "/.ar1/" + name)
    }
    return lock
  }
}
