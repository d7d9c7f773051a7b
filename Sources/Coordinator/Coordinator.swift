import HTTPTypes
import Hummingbird
public import JobStore
public import Logging
import ServiceLifecycle

public struct CoordinatorConfiguration: Sendable {
  /// The address to listen on.
  public var host: String
  /// 0 takes a free one.
  public var port: Int
  /// Between two looks of the leader, in seconds.
  public var tickSeconds: Double

  public init(host: String = "127.0.0.1", port: Int = 8170, tickSeconds: Double = 1) {
    self.host = host
    self.port = port
    self.tickSeconds = tickSeconds
  }
}

/// The HTTP side of the queue. It keeps no state but hints: any number may run on one database, and one of
/// them leads.
///
/// All of its work is asynchronous; the database is waited for on threads of the connection pool. While the
/// database is away requests get 503, and everything goes on when it is back.
public struct Coordinator: Sendable {
  private let group: ServiceGroup
  private let store: JobStore

  /// - Parameters:
  ///   - store: on a database with this program's schema.
  ///   - handlesSignals: whether SIGTERM and SIGINT end it in order.
  ///   - onListening: gets the port.
  public init(
    store: JobStore, configuration: CoordinatorConfiguration = CoordinatorConfiguration(),
    handlesSignals: Bool = false, logger: Logger = Logger(label: "coordinator"),
    onListening: @escaping @Sendable (Int) -> Void = { _ in }
  ) {
    self.store = store
    let signals = Signals()
    // The framework speaks of its own life cycle at the same level; that is noise here.
    var quiet = logger
    quiet.logLevel = max(logger.logLevel, .warning)
    let application = Application(
      router: Self.router(store: store, signals: signals),
      configuration: ApplicationConfiguration(
        address: .hostname(configuration.host, port: configuration.port), serverName: "ar1"),
      services: [
        LeaderLoop(
          store: store, signals: signals, interval: .seconds(configuration.tickSeconds), logger: logger),
        HintListener(address: store.pool.address, signals: signals),
      ],
      onServerRunning: { channel in onListening(channel.localAddress?.port ?? configuration.port) },
      logger: quiet)
    group = ServiceGroup(
      configuration: ServiceGroupConfiguration(
        services: [application],
        gracefulShutdownSignals: handlesSignals ? [.sigterm, .sigint] : [], logger: quiet))
  }

  /// Serves until `stop()`, a signal, or the cancellation of its task.
  public func run() async throws { try await group.run() }

  /// Ends in order: waiting requests are answered, no new ones are taken.
  public func stop() async { await group.triggerGracefulShutdown() }

  private static func router(store: JobStore, signals: Signals) -> Router<APIContext> {
    let router = Router(context: APIContext.self)
    router.add(middleware: ErrorReporting())
    router.get("/v1/health") { _, _ in
      try await store.ping()
      return try JSONBody.response(["status": "ok"])
    }
    let authenticated = router.group("/v1").add(middleware: Authentication(store: store))
    JobRoutes(store: store, signals: signals).add(to: authenticated)
    TokenRoutes(store: store).add(to: authenticated)
    WorkerRoutes(store: store, signals: signals).add(to: authenticated)
    LearnerRoutes(store: store, signals: signals).add(to: authenticated)
    return router
  }
}

extension JobStore {
  /// Throws when the database does not answer.
  func ping() async throws { _ = try await authenticate(secret: "") }
}
