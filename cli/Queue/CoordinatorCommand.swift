import ArgumentParser
import Coordinator
import FoundationEssentials
import JobModel
import JobStore
import Logging
import PostgresClient
import Scheduling

struct CoordinatorCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "coordinator",
    abstract: "Serve the queue on a PostgreSQL database; any number may run, one of them leads.",
    discussion: """
      Brings the database to this program's schema first. While the database is away it answers 503 and goes \
      on by itself when it is back. SIGTERM and SIGINT end it in order.

      Example: ar1 coordinator --database "host=/run/postgresql dbname=ar1" --listen 0.0.0.0:8170
      """)

  @Option(help: "A postgres:// address or a libpq connection string.") var database: String
  @OptionGroup var serving: ServingOptions
  @Option(help: "Connections to the database; each may open one more beside it.") var connections = 8
  @Option(
    help: ArgumentHelp(
      "A task that has run for less is not asked to give way to another lab (5m).", valueName: "5m"))
  var minimumRun: TimeSpan?
  @Option(
    help: ArgumentHelp(
      "Folder in which each lab has one of its name; jobs read and write there only, links followed.",
      valueName: "folder"), completion: .directory)
  var labRoot: String?
  @Option(
    help: ArgumentHelp("Folder that the jobs of every lab may read.", valueName: "folder"),
    completion: .directory)
  var publicRoot: String?
  @Option(help: "Requests per second that a person's token may make in the long run; 0 sets no limit.")
  var rateLimit = RateLimit().perSecond
  @Option(help: ArgumentHelp("Drop logs older than this, by whole months (never).", valueName: "90d"))
  var keepLogs: TimeSpan?
  @Option(help: ArgumentHelp("Drop events older than this, by whole months (never).", valueName: "400d"))
  var keepEvents: TimeSpan?
  @Option(
    help: ArgumentHelp("Serve https with this PEM certificate.", valueName: "file"), completion: .file())
  var tlsCertificate: String?
  @Option(help: ArgumentHelp("The certificate's PEM key.", valueName: "file"), completion: .file())
  var tlsKey: String?
  @Option(help: "trace, debug, info, notice, warning or error.") var logLevel = Logger.Level.info

  func validate() throws {
    guard (tlsCertificate == nil) == (tlsKey == nil) else {
      throw ValidationError("--tls-certificate and --tls-key go together")
    }
    guard labRoot != nil || publicRoot == nil else {
      throw ValidationError("--public-root goes with --lab-root; alone it would confine nobody")
    }
    guard (0...1e6).contains(rateLimit) else { throw ValidationError("--rate-limit is 0 to 1000000") }
    guard (1...1_000).contains(connections) else { throw ValidationError("--connections is 1 to 1000") }
  }

  func run() async throws {
    guard let (host, port) = ServingOptions.address(serving.listen) else { return }
    let logger = LogOutput.logger("coordinator", level: logLevel)
    let pool = ConnectionPool(address: PostgresAddress(database), size: connections)
    let store = JobStore(
      pool: pool, timing: serving.timing, scheduling: scheduling)
    try await migrate(store, logger)
    let scheme = tlsCertificate == nil ? "http" : "https"
    let coordinator = try Coordinator(
      store: store, configuration: configuration(host: host, port: port), handlesSignals: true,
      logger: logger
    ) { port in
      logger.notice("listening on \(scheme)://\(CoordinatorConfiguration.authority(host, port))")
    }
    do {
      try await coordinator.run()
    } catch let error as ListeningError {
      throw CommandError("\(error); choose another with --listen")
    }
    await pool.close()
  }

  private var scheduling: SchedulingPolicy {
    var policy = SchedulingPolicy()
    if let minimumRun {
      policy.minimumRun = minimumRun.seconds
      // Where tasks may be asked early, nobody waits longer for places that come free by themselves.
      policy.reclaimAfter = min(policy.reclaimAfter, minimumRun.seconds)
      policy.nearEnd = min(policy.nearEnd, minimumRun.seconds)
    }
    return policy
  }

  private func configuration(host: String, port: Int) -> CoordinatorConfiguration {
    let current = FileManager.default.currentDirectoryPath
    func absolute(_ path: String?) -> String? { path.flatMap { AbsolutePath.of($0, relativeTo: current) } }
    var configuration = CoordinatorConfiguration(
      host: host, port: port,
      roots: PathRoots(labs: absolute(labRoot), shared: absolute(publicRoot)),
      rate: RateLimit(perSecond: rateLimit, burst: max(1, rateLimit * 10)))
    configuration.retention = Retention(
      logDays: keepLogs.map { $0.seconds / 86_400 }, eventDays: keepEvents.map { $0.seconds / 86_400 })
    if let tlsCertificate, let tlsKey {
      configuration.tls = TLSFiles(certificates: tlsCertificate, key: tlsKey)
    }
    return configuration
  }

  /// Waits for a database that is not there yet: machines start in any order.
  private func migrate(_ store: JobStore, _ logger: Logger) async throws {
    var isAway = false
    while true {
      do {
        let applied = try await store.migrate()
        if !applied.isEmpty { logger.notice("the database was brought to migration \(applied.last ?? 0)") }
        return
      } catch let error as PostgresError where error.isUnavailable {
        if !isAway { logger.warning("waiting for the database: \(error.message)") }
        isAway = true
        try await Task.sleep(for: .seconds(1))
      }
    }
  }
}
