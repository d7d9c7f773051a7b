import ArgumentParser
import FoundationEssentials
import JobModel

struct UpCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "up",
    abstract: "Run everything on this machine: a private PostgreSQL, a coordinator and workers.",
    discussion: """
      State lies in .ar1 below the folder; stopping and starting again goes on with the same jobs. Commands typed in \
      this folder find the coordinator by themselves. Ctrl-C stops everything in order.

      Example: ar1 up --workers 2
      """)

  @Option(help: "Folder whose .ar1 holds the database and the logs.", completion: .directory) var folder = "."
  @Option(help: "Address and port of the coordinator; port 0 takes a free one.") var listen = "127.0.0.1:8170"
  @Option(help: "Workers that roll out, evaluate and score; one more learns.") var workers = 1

  func validate() throws {
    guard (0...64).contains(workers) else { throw ValidationError("--workers is 0 to 64") }
    guard CoordinatorCommand.address(listen) != nil else {
      throw ValidationError("--listen is an address and a port, such as 127.0.0.1:8170, not '\(listen)'")
    }
  }

  func run() async throws {
    let root = Self.absolute(folder)
    try await TerminationSignals.cancelling {
      let cluster = try await LocalCluster.start(
        folder: root + "/.ar1", listen: listen, workers: Self.plans(workers)
      ) { Terminal.write($0 + "\n") }
      try ConnectionFile(url: cluster.url, token: cluster.token, workerToken: cluster.workerToken)
        .write(under: root)
      Terminal.write("ready; in this folder try: ar1 workers\n")
      await Self.untilCancelled()
      Terminal.writeError("stopping\n")
      ConnectionFile.remove(under: root)
      await cluster.stop()
    }
  }

  /// One worker that learns and `count` that do everything else.
  static func plans(_ count: Int) -> [LocalCluster.WorkerPlan] {
    let others = TaskKind.allCases.filter { $0 != .learn }
    return [LocalCluster.WorkerPlan(name: "learner", kinds: [.learn])]
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
