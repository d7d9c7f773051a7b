import Coordinator
import CoordinatorClient
import JobModel
import JobStore
import Logging
import OrderedJSON
import PostgresClient
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
  private let store: JobStore
  private var served: Served
  private let lab: LabID
  nonisolated let memberSecret: String
  nonisolated let workerSecret: String
  /// The address stays the same over a restart of the coordinator.
  nonisolated let url: String

  static func run(
    ownServer: Bool = false, leaseSeconds: Double = 30, heartbeatSeconds: Double = 1,
    _ body: (TestQueue) async throws -> Void
  ) async throws {
    let server = ownServer ? try await TestServer() : try await TestServer.shared()
    let queue = try await TestQueue(
      server: server, timing: LeaseTiming(leaseSeconds: leaseSeconds, heartbeatSeconds: heartbeatSeconds))
    let result: Result<Void, any Error>
    do { result = .success(try await body(queue)) } catch { result = .failure(error) }
    await queue.end()
    if ownServer { try await server.stop() }
    try result.get()
  }

  private init(server: TestServer, timing: LeaseTiming) async throws {
    self.server = server
    pool = ConnectionPool(address: try await server.newDatabase(), size: 4)
    store = JobStore(pool: pool, timing: timing)
    try await store.migrate()
    lab = try await store.createLab(named: "lab")
    memberSecret = try await store.createToken(
      CreateTokenRequest(user: "member", role: .member), lab: lab
    ).secret
    workerSecret = try await store.createToken(
      CreateTokenRequest(user: "worker", role: .worker), lab: lab
    ).secret
    served = try await Self.serve(store, port: 0)
    url = served.url
  }

  private func end() async {
    await served.stop()
    await pool.close()
  }

  private static func serve(_ store: JobStore, port: Int) async throws -> Served {
    let (ports, port) = (AsyncStream.makeStream(of: Int.self), port)
    let coordinator = Coordinator(
      store: store, configuration: CoordinatorConfiguration(port: port, tickSeconds: 0.2), logger: quiet
    ) { ports.continuation.yield($0) }
    let running = Task {
      defer { ports.continuation.finish() }
      try await coordinator.run()
    }
    for await taken in ports.stream {
      return Served(url: "http://127.0.0.1:\(taken)", coordinator: coordinator, running: running)
    }
    try await running.value
    throw CancellationError()
  }

  static var quiet: Logger {
    Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
  }

  // MARK: Coordinators and database

  /// A second coordinator on the same database.
  func anotherCoordinator() async throws -> Served { try await Self.serve(store, port: 0) }

  /// Ends the coordinator and starts one anew at the same address.
  func restartCoordinator() async throws {
    await served.stop()
    guard let port = Int(url.split(separator: ":").last ?? "") else { throw CancellationError() }
    served = try await Self.serve(store, port: port)
  }

  func stopDatabase() async throws { try await server.stop() }
  func startDatabase() async throws { try await server.start() }

  // MARK: Clients

  nonisolated func client(_ secret: String, patience: Patience = .brief) -> CoordinatorClient {
    CoordinatorClient(url: url, token: secret, patience: patience)
  }

  nonisolated var member: CoordinatorClient { client(memberSecret) }
  nonisolated var worker: CoordinatorClient { client(workerSecret) }

  func token(_ role: Role, lab name: String = "lab") async throws -> CoordinatorClient {
    let lab = try await store.createLab(named: name)
    return client(
      try await store.createToken(CreateTokenRequest(user: "\(role) of \(name)", role: role), lab: lab).secret
    )
  }

  /// Posts bytes as they are.
  nonisolated func post(_ path: String, _ bytes: [UInt8]) async throws {
    let client = member
    _ = try await client.exchange(
      client.request("POST", path, body: bytes, timeout: 30), mayRepeat: false)
  }

  // MARK: Jobs and workers

  static func spec() throws -> JobSpec {
    try JobSpec(["kind": "eval", "model": "/m", "data": "/d", "output": "/o"])
  }

  func submit() async throws -> JobRecord {
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
