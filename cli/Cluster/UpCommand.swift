import ArgumentParser
import FoundationEssentials
import JobModel

struct UpCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "up",
    abstract: "Run everything on this machine: a private PostgreSQL, a coordinator and workers.",
    discussion: """
      State lies in .ar1 below the folder; stopping and starting again goes on with the same jobs. Commands typed in \
      this folder find the coordinator by themselves. One system at a time runs in a folder. A process that dies, \
      PostgreSQL's too, is started again. Ctrl-C stops everything in order.

      Example: ar1 up --workers 2
      """)

  @Option(help: "Folder whose .ar1 holds the database and the logs.", completion: .directory) var folder = "."
  @Option(help: "Workers that roll out, evaluate and score; one more learns.") var workers = 1

  @Option(
    help: "Processes that learn together under mpirun (Open MPI); each takes a share of a step's prompts.")
  var learnerRanks = 1

  @OptionGroup(title: "Coordinator") var serving: ServingOptions

  func validate() throws {
    guard (0...64).contains(workers) else { throw ValidationError("--workers is 0 to 64") }
    guard (1...64).contains(learnerRanks) else { throw ValidationError("--learner-ranks is 1 to 64") }
  }

  func run() async throws {
    let root = Self.absolute(folder)
    do {
      try await TerminationSignals.cancelling { try await perform(root) }
    } catch is CancellationError {
      Terminal.writeError("stopped before everything was started\n")
      throw ExitCode(130)
    }
  }

  private func perform(_ root: String) async throws {
    let lock = try await SystemLock.take(under: root) { Terminal.write($0 + "\n") }
    let cluster = try await LocalCluster.start(
      folder: root + "/.ar1", lock: lock, listen: serving.listen,
      workers: Self.plans(workers, ranks: learnerRanks),
      timing: serving.timing
    ) { Terminal.write($0 + "\n") }
    try ConnectionFile(
      url: cluster.url, token: cluster.token, workerToken: cluster.workerToken, database: cluster.database
    ).write(under: root)
    try lock.note(url: cluster.url)
    Terminal.write("ready; in \(folder == "." ? "this folder" : root) try: ar1 workers\n")
    await Self.untilCancelled()
    Terminal.writeError("stopping\n")
    ConnectionFile.remove(under: root)
    try? lock.noteStopping()
    await cluster.stop()
  }

  /// One worker that learns and `count` that do everything else.
  static func plans(_ count: Int, ranks: Int = 1) -> [LocalCluster.WorkerPlan] {
    let others = TaskKind.allCases.filter { $0 != .learn }
    return [LocalCluster.WorkerPlan(name: "learner", kinds: [.learn], ranks: ranks)]
      + (0..<count).map { .init(name: count == 1 ? "rollout" : "rollout-\($0 + 1)", kinds: others) }
  }

  static func absolute(_ path: String) -> String {
    if path.hasPrefix("/") { return path }
    let current = FileManager.default.currentDirectoryPath
    return path == "." ? current : current + "/" + path
  }

  private static func untilCancelled() async {
    let (stream, continuation) = AsyncStream<Never>.makeStream()
    await withTaskCancellationHandler {
      for await _ in stream {}
    } onCancel: {
      continuation.finish()
    }
  }
}
