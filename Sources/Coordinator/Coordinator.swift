import Glibc
import HTTPTypes
import Hummingbird
import HummingbirdCore
public import JobStore
public import Logging
import NIOCore
import ServiceLifecycle

public struct CoordinatorConfiguration: Sendable {
  /// The address to listen on.
  public var host: String
  /// 0 takes a free one.
  public var port: Int
  /// Between two looks of the leader, in seconds.
  public var tickSeconds: Double
  /// Where the paths of jobs must lie.
  public var roots: PathRoots
  /// How many requests one token may make.
  public var rate: RateLimit
  /// nil serves without TLS.
  public var tls: TLSFiles?
  /// Seconds before a webhook's event is tried a second time; the pauses double up to an hour.
  public var webhookPause = 30.0
  /// A connection on which nobody asks for anything for so long is closed, in seconds. Longer than clients keep one that
  /// they do not use, so that none is closed while a request is on its way.
  public var idleSeconds = 150.0
  /// How long logs and events are kept.
  public var retention = Retention()

  public init(
    host: String = "127.0.0.1", port: Int = 8170, tickSeconds: Double = 1, roots: PathRoots = PathRoots(),
    rate: RateLimit = RateLimit(), tls: TLSFiles? = nil
  ) {
    self.host = host
    self.port = port
    self.tickSeconds = tickSeconds
    self.roots = roots
    self.rate = rate
    self.tls = tls
  }

  /// Whether only this machine reaches it, so that whoever does has reached the rest of the machine as well.
  var isForThisMachine: Bool { host == "localhost" || host == "::1" || host.hasPrefix("127.") }

  /// Host and port as they stand in a URL: "127.0.0.1:8170", "[::1]:8170".
  public static func authority(_ host: String, _ port: Int) -> String {
    host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
  }
}

/// The coordinator cannot listen where it was to listen.
public struct ListeningError: Error, Sendable, CustomStringConvertible {
  public let description: String

  /// nil for what has another reason.
  init?(_ error: any Error, at host: String, _ port: Int) {
    let place = CoordinatorConfiguration.authority(host, port)
    switch (error as? IOError)?.errnoCode {
    case EADDRINUSE: description = "\(place) is taken by another program"
    case EADDRNOTAVAIL: description = "\(place) is no address of this machine"
    case EACCES: description = "\(place) is not for this user, as ports below 1024 are not"
    default:
      guard error is SocketAddressError.UnknownHost else { return nil }
      description = "\(place) is no address of this machine: there is no host of that name"
    }
  }
}

/// The HTTP side of the queue. It keeps no state but hints: any number may run on one database, and one of
/// them leads.
///
/// All of its work is asynchronous; the database is waited for on threads of the connection pool. While the
/// database is away requests get 503, and everything goes on when it is back.
public struct Coordinator: Sendable {
  private let group: ServiceGroup
  private let configuration: CoordinatorConfiguration
  private let store: JobStore

  /// - Parameters:
  ///   - store: on a database with this program's schema.
  ///   - handlesSignals: whether SIGTERM and SIGINT end it in order.
  ///   - onListening: gets the port.
  /// - Throws: `TLSFilesError` when the certificate or its key cannot be used.
  public init(
    store: JobStore, configuration: CoordinatorConfiguration = CoordinatorConfiguration(),
    handlesSignals: Bool = false, logger: Logger = Logger(label: "coordinator"),
    onListening: @escaping @Sendable (Int) -> Void = { _ in }
  ) throws {
    self.store = store
    self.configuration = configuration
    let signals = Signals()
    store.whenReady {
      signals.work.fire()
      signals.places.fire()
    }
    let metrics = Metrics()
    // The framework speaks of its own life cycle at the same level; that is noise here.
    var quiet = logger
    quiet.logLevel = max(logger.logLevel, .warning)
    let connections = HTTP1Channel.Configuration(
      idleTimeout: .milliseconds(Int64(configuration.idleSeconds * 1_000)))
    let application = Application(
      router: Self.router(
        store: store, signals: signals, metrics: metrics, configuration: configuration),
      server: try configuration.tls?.server(connections) ?? .http1(configuration: connections),
      configuration: ApplicationConfiguration(
        address: .hostname(configuration.host, port: configuration.port), serverName: "ar1"),
      services: [
        LeaderLoop(
          store: store, signals: signals, interval: .seconds(configuration.tickSeconds), logger: logger),
        ReadyWatch(store: store, signals: signals),
        HintListener(address: store.pool.address, signals: signals),
        Housekeeping(store: store, retention: configuration.retention, logger: logger),
        WebhookSender(
          store: store, interval: .seconds(configuration.tickSeconds), firstPause: configuration.webhookPause,
          onlyNetwork: !configuration.isForThisMachine, logger: logger),
      ],
      onServerRunning: { channel in onListening(channel.localAddress?.port ?? configuration.port) },
      logger: quiet)
    group = ServiceGroup(
      configuration: ServiceGroupConfiguration(
        services: [application],
        gracefulShutdownSignals: handlesSignals ? [.sigterm, .sigint] : [], logger: quiet))
  }

  /// Serves until `stop()`, a signal, or the cancellation of its task.
  /// - Throws: `ListeningError` when another program listens there, or it is no address of this machine.
  public func run() async throws {
    do {
      try await group.run()
    } catch {
      throw ListeningError(error, at: configuration.host, configuration.port) ?? error
    }
  }

  /// Ends in order: waiting requests are answered, no new ones are taken.
  public func stop() async { await group.triggerGracefulShutdown() }

  static func router(
    store: JobStore, signals: Signals, metrics: Metrics, configuration: CoordinatorConfiguration
  ) -> Router<APIContext> {
    // Load balancers ask with HEAD.
    let router = Router(context: APIContext.self, options: .autoGenerateHeadEndpoints)
    router.add(middleware: RequestCounting(metrics: metrics))
    router.add(middleware: ErrorReporting())
    router.get("/v1/health") { _, _ in
      try await store.ping()
      return try JSONBody.response(["status": "ok"])
    }
    APIDescription().add(to: router)
    Dashboard().add(to: router)
    let pace = LookPace(configuration.rate)
    let authentication = Authentication(store: store, limiter: RateLimiter(configuration.rate))
    MetricsRoute(store: store, metrics: metrics).add(to: router.group().add(middleware: authentication))
    let authenticated = router.group("/v1").add(middleware: authentication)
    JobRoutes(store: store, signals: signals, pace: pace, roots: configuration.roots).add(to: authenticated)
    LabRoutes(store: store, signals: signals).add(to: authenticated)
    TokenRoutes(store: store).add(to: authenticated)
    EventRoutes(store: store, signals: signals, pace: pace).add(to: authenticated)
    ReportRoutes(store: store).add(to: authenticated)
    WebhookRoutes(store: store).add(to: authenticated)
    WorkerRoutes(store: store, signals: signals, metrics: metrics).add(to: authenticated)
    QuotaRoutes(store: store, signals: signals).add(to: authenticated)
    LearnerRoutes(store: store, signals: signals).add(to: authenticated)
    return router
  }

  /// The OpenAPI file as it is served.
  package static var apiDescription: [UInt8] { APIDescription.bytes }

  /// Every route as "GET /v1/jobs/{job}", sorted.
  package static func routes(store: JobStore) -> [String] {
    router(
      store: store, signals: Signals(), metrics: Metrics(), configuration: CoordinatorConfiguration()
    ).routes.map { route in
      let path = route.path.description.split(separator: "/").map { part in
        part.hasPrefix(":") ? "{\(part.dropFirst())}" : String(part)
      }
      return "\(route.method) /\(path.joined(separator: "/"))"
    }.sorted()
  }
}

extension JobStore {
  /// Throws when the database does not answer.
  func ping() async throws { _ = try await authenticate(secret: "") }
}
