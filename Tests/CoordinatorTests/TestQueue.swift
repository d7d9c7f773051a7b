import Coordinator
import CoordinatorClient
import HTTPClient
import JobModel
import JobStore
import Logging
import OrderedJSON
import PostgresClient
import Scheduling
import Testing
import WorkerRuntime

/// A queue for one test: a database of its own on a real server, a coordinator on a free port, and clients.
actor TestQueue {
  /// A coordinator of this test.
  struct Served: Sendable {
    let url: String
    let coordinator: Coordinator
    let running: Task<Void, any Error>

    func stop() async {
      await coordinator.stop()
      _ = await running.result
    }
  }

  private let server: TestServer
  private let pool: ConnectionPool
  nonisolated let store: JobStore
  private let configuration: CoordinatorConfiguration
  private let logger: Logger
  private var served: Served
  private let lab: LabID
  nonisolated let memberSecret: String
  nonisolated let workerSecret: String
  /// The address stays the same over a restart of the coordinator.
  nonisolated let url: String

  static func run(
    ownServer: Bool = false, leaseSeconds: Double = 30, heartbeatSeconds: Double = 1,
    configuration: CoordinatorConfiguration = brisk, scheduling: SchedulingPolicy = SchedulingPolicy(),
    statementTimeout: Double = 20, logger: Logger = quiet, _ body: (TestQueue) async throws -> Void
  ) async throws {
    let server = ownServer ? try await TestServer() : try await TestServer.shared()
    let queue = try await TestQueue(
      server: server, timing: LeaseTiming(leaseSeconds: leaseSeconds, heartbeatSeconds: heartbeatSeconds),
      configuration: configuration, scheduling: scheduling, statementTimeout: statementTimeout,
      logger: logger)
    let result: Result<Void, any Error>
    do { result = .success(try await body(queue)) } catch { result = .failure(error) }
    await queue.end()
    if ownServer { try await server.stop() }
    try result.get()
  }

  private init(
    server: TestServer, timing: LeaseTiming, configuration: CoordinatorConfiguration,
    scheduling: SchedulingPolicy, statementTimeout: Double, logger: Logger
  ) async throws {
    self.server = server
    self.configuration = configuration
    self.logger = logger
    pool = ConnectionPool(
      address: try await server.newDatabase(), size: 4,
      settings: SessionSettings(statementTimeout: statementTimeout))
    store = JobStore(pool: pool, timing: timing, scheduling: scheduling)
    try await store.migrate()
    lab = try await store.createLab(named: "lab")
    memberSecret = try await store.createToken(
      CreateTokenRequest(user: "member", role: .member), lab: lab
    ).secret
    workerSecret = try await store.createToken(
      CreateTokenRequest(user: "worker", role: .worker), lab: lab
    ).secret
    served = try await Self.serve(store, port: 0, configuration, logger)
    url = served.url
  }

  private func end() async {
    await served.stop()
    await pool.close()
  }

  private static func serve(
    _ store: JobStore, port: Int, _ configuration: CoordinatorConfiguration, _ logger: Logger
  ) async throws -> Served {
    let ports = AsyncStream.makeStream(of: Int.self)
    var configuration = configuration
    configuration.port = port
    let coordinator = try Coordinator(store: store, configuration: configuration, logger: logger) {
      ports.continuation.yield($0)
    }
    let running = Task {
      defer { ports.continuation.finish() }
      try await coordinator.run()
    }
    for await taken in ports.stream {
      let scheme = configuration.tls == nil ? "http" : "https"
      return Served(url: "\(scheme)://127.0.0.1:\(taken)", coordinator: coordinator, running: running)
    }
    try await running.value
    throw CancellationError()
  }

  /// A leader that looks often, and no limit on requests.
  static var brisk: CoordinatorConfiguration {
    CoordinatorConfiguration(tickSeconds: 0.2, rate: RateLimit(perSecond: 0))
  }

  static var quiet: Logger {
    Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
  }

  // MARK: Coordinators and database

  /// A second coordinator on the same database.
  func anotherCoordinator() async throws -> Served {
    try await Self.serve(store, port: 0, configuration, logger)
  }

  /// Ends the coordinator and starts one anew at the same address.
  func restartCoordinator() async throws {
    await served.stop()
    guard let port = Int(url.split(separator: ":").last ?? "") else { throw CancellationError() }
    served = try await Self.serve(store, port: port, configuration, logger)
  }

  func stopDatabase() async throws { try await server.stop() }
  func startDatabase() async throws { try await server.start() }

  // MARK: Clients

  nonisolated func client(_ secret: String, patience: Patience = .brief) -> CoordinatorClient {
    CoordinatorClient(url: url, token: secret, patience: patience)
  }

  nonisolated var member: CoordinatorClient { client(memberSecret) }
  nonisolated var worker: CoordinatorClient { client(workerSecret) }

  nonisolated func token(_ role: Role, lab name: String = "lab") async throws -> CoordinatorClient {
    client(try await secret(role, lab: name))
  }

  /// A new token for a user of her own.
  nonisolated func secret(_ role: Role, lab name: String = "lab") async throws -> String {
    let lab = try await store.createLab(named: name)
    return try await store.createToken(
      CreateTokenRequest(user: "\(role) of \(name)", role: role), lab: lab
    ).secret
  }

  /// The status and the body that a request gets, whatever they are.
  nonisolated func answer(
    _ method: String, _ path: String, _ body: JSON? = nil, secret: String
  ) async throws -> (status: Int, body: JSON) {
    let client = client(secret, patience: .once)
    let bytes = body.map { Array($0.serialized().utf8) }
    let response = try await HTTPTransport.shared.send(
      client.request(method, path, body: bytes ?? (method == "POST" ? Array("{}".utf8) : nil), timeout: 30))
    return (response.status, (try? JSON(parsing: response.body)) ?? .null)
  }

  /// Posts bytes as they are.
  nonisolated func post(_ path: String, _ bytes: [UInt8]) async throws {
    let client = member
    _ = try await client.exchange(
      client.request("POST", path, body: bytes, timeout: 30), mayRepeat: false)
  }

  // MARK: Jobs and workers

  static func spec(below folder: String = "") throws -> JobSpec {
    try JobSpec([
      "kind": "eval", "model": .string(folder + "/m"), "data": .string(folder + "/d"),
      "output": .string(folder + "/o"),
    ])
  }

  nonisolated func submit() async throws -> JobRecord {
    try await member.submit(SubmitRequest(spec: try Self.spec()))
  }

  nonisolated func makeWorker(_ executor: any TaskExecutor, slots: Int = 1, url: String? = nil) -> Worker {
    Worker(
      client: CoordinatorClient(url: url ?? self.url, token: workerSecret, patience: .endless),
      executors: [executor], configuration: WorkerConfiguration(name: "tester", slots: slots),
      logger: Self.quiet)
  }

  /// Runs a worker while `body` runs, and ends it in order.
  nonisolated func withWorker(
    _ executor: any TaskExecutor, slots: Int = 1, _ body: (Worker) async throws -> Void
  ) async throws {
    let worker = makeWorker(executor, slots: slots)
    let running = Task { try await worker.run() }
    let result: Result<Void, any Error>
    do { result = .success(try await body(worker)) } catch { result = .failure(error) }
    running.cancel()
    _ = await running.result
    try result.get()
  }

  /// Expects the job to end well.
  nonisolated func succeeds(_ job: JobID, sourceLocation: SourceLocation = #_sourceLocation) async throws {
    let ended = try await end(of: job)
    #expect(ended.state == .succeeded, "\(ended)", sourceLocation: sourceLocation)
  }

  /// The job at its end.
  nonisolated func end(of job: JobID) async throws -> JobRecord {
    let deadline = ContinuousClock.now + .seconds(30)
    while ContinuousClock.now < deadline {
      let record = try await member.wait(for: job, upTo: 5)
      if record.state.isFinal { return record }
    }
    return try await member.wait(for: job, upTo: 0)
  }
}
