import FoundationEssentials
import Glibc
import JobModel
import JobStore
import LocalPostgres
import OrderedJSON
import PostgresClient

/// One private server for the whole run, which ends with it; every test gets a database copied from a migrated
/// template.
actor TestServer {
  static let shared = TestServer()
  private var server: Task<LocalPostgres, any Error>?
  private var made = 0

  func database(migrated: Bool = true) async throws -> PostgresAddress {
    let starting =
      server
      ?? Task {
        Self.removeLeftovers()
        let server = try await LocalPostgres.start(
          folder: Self.prefix + "\(getpid())", options: .init(durable: false, maxConnections: 300))
        let template = ConnectionPool(address: try await server.createDatabase("migrated"), size: 1)
        try await JobStore(pool: template).migrate()
        try await template.run { session in
          // Who waits in a circle is told after a second, as it comes: here sooner, so that tests of it take less.
          try session.executeScript("ALTER SYSTEM SET deadlock_timeout = '200ms'")
          try session.execute("SELECT pg_reload_conf()")
        }
        await template.close()
        return server
      }
    server = starting
    let running = try await starting.value
    made += 1
    return try await running.createDatabase("test_\(made)", template: migrated ? "migrated" : nil)
  }

  private static let prefix = "/tmp/ar1-store-tests-"

  /// Folders of runs that are over: a test process has no last moment in which to delete its own.
  private static func removeLeftovers() {
    for name in (try? FileManager.default.contentsOfDirectory(atPath: "/tmp")) ?? []
    where "/tmp/\(name)".hasPrefix(prefix) {
      guard let process = pid_t("/tmp/\(name)".dropFirst(prefix.count)), kill(process, 0) != 0 else {
        continue
      }
      try? FileManager.default.removeItem(atPath: "/tmp/\(name)")
    }
  }
}

/// A store on a fresh database with one lab, a person and a worker's token.
struct Bench {
  let store: JobStore
  let address: PostgresAddress
  let person: Caller
  let workerToken: TokenID

  static func make(
    connections: Int = 4, retry: RetryPolicy = RetryPolicy(firstDelay: 0.001, interruptionCap: 3),
    leaseSeconds: Double = 30
  ) async throws -> Bench {
    let address = try await TestServer.shared.database()
    let store = JobStore(
      pool: ConnectionPool(address: address, size: connections), retry: retry,
      timing: LeaseTiming(leaseSeconds: leaseSeconds))
    let person = try await caller(store, lab: "vision", user: "ada")
    let worker = try await store.createToken(
      CreateTokenRequest(user: "pool", role: .worker), lab: person.lab)
    return Bench(store: store, address: address, person: person, workerToken: worker.id)
  }

  static func caller(
    _ store: JobStore, lab: String, user: String, role: Role = .member
  ) async throws -> Caller {
    let id = try await store.createLab(named: lab)
    let token = try await store.createToken(CreateTokenRequest(user: user, role: role), lab: id)
    guard let caller = try await store.authenticate(secret: token.secret) else { throw CancellationError() }
    return caller
  }

  func session(
    _ name: String = "w", slots: Int = 8, inventory: Inventory = Inventory()
  ) async throws -> SessionID {
    try await store.register(
      RegisterRequest(
        name: name, host: "h", process: 1, version: "1", kinds: TaskKind.allCases, slots: slots,
        inventory: inventory),
      token: workerToken
    ).session
  }

  func claim(
    _ session: SessionID, kinds: [TaskKind] = TaskKind.allCases, limit: Int = 1, free: FreeResources? = nil
  ) async throws -> [ClaimedTask] {
    try await store.claim(
      ClaimRequest(session: session, kinds: kinds, limit: limit, free: free), token: workerToken
    ).tasks
  }

  /// Claims one task, which must be there.
  func take(_ session: SessionID, kinds: [TaskKind] = TaskKind.allCases) async throws -> ClaimedTask {
    guard let task = try await claim(session, kinds: kinds).first else { throw NothingToClaim() }
    return task
  }

  struct NothingToClaim: Error {}

  func submit(
    _ kind: String = "eval", priority: Int = 0, with settings: [JSON.Member] = []
  ) async throws -> JobRecord {
    try await store.submit(
      SubmitRequest(spec: Self.spec(kind, priority: priority, settings)), by: person)
  }

  static func spec(_ kind: String, priority: Int = 0, _ settings: [JSON.Member] = []) throws -> JobSpec {
    var members: [JSON.Member] = [
      .init("kind", .string(kind)), .init("model", "/m"), .init("output", "/o"),
      .init("priority", .integer(priority)),
    ]
    members.append(kind == "score" ? .init("images", "/i") : .init("data", "/d"))
    return try JobSpec(.object(members + settings))
  }

  /// Completes a plan task with so many shards of stage 1 and a report of stage 2.
  func plan(_ task: ClaimedTask, shards: Int) async throws -> WriteOutcome {
    let spawn =
      (0..<shards).map { NewTask(kind: .shard, stage: 1, payload: ["shard": .integer($0)]) }
      + [NewTask(kind: .report, stage: 2, payload: [:])]
    return try await store.complete(CompleteRequest(lease: task.lease, spawn: spawn)).outcome
  }

  /// Makes a session look as if it had been silent for an hour.
  func silence(_ session: SessionID) async throws {
    _ = try await store.pool.run { connection in
      try connection.execute(
        "UPDATE worker_sessions SET last_seen_at = now() - interval '1 hour' WHERE id = $1", session
      ).affected
    }
  }

  func job(_ id: JobID) async throws -> JobRecord { try await store.job(id, lab: person.lab) }

  static func group(run: JobID, ordinal: Int64, version: Int = 0, reward: Double = 1) -> RolloutGroup {
    RolloutGroup(
      run: run, ordinal: ordinal, behaviourVersion: version,
      prompt: PromptReference(sample: "s\(ordinal)", question: 0, images: []),
      completions: [
        RolloutCompletion(
          tokens: [1, 2, 3], logProbabilities: [-0.1, -2.5e-8, -1.1754944e-38], reward: reward,
          parts: ["roam": reward], finish: .stop, seed: .max - 1),
        RolloutCompletion(
          tokens: [], logProbabilities: [], reward: 0.05, parts: [:], finish: .length, seed: 7),
      ])
  }
}
