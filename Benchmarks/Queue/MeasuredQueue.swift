import ArgumentParser
import CoordinatorClient
import JobModel
import JobStore
import PostgresClient

/// The queue as a load sees it: through JobStore, or through a coordinator.
protocol MeasuredQueue: Sendable {
  func submit(_ spec: JobSpec) async throws -> JobID
  func register(slots: Int) async throws -> SessionID
  func claim(_ session: SessionID, _ kinds: [TaskKind], limit: Int, wait: Double) async throws
    -> [ClaimedTask]
  /// - Returns: how many were accepted.
  func complete(_ tasks: [CompleteRequest]) async throws -> Int
  /// Completes, and claims the next ones with the same call.
  func complete(_ tasks: [CompleteRequest], next session: SessionID, _ kinds: [TaskKind], limit: Int)
    async throws
    -> (accepted: Int, next: [ClaimedTask])
  func heartbeat(_ session: SessionID, _ leases: [Lease]) async throws -> Bool
}

struct StoreQueue: MeasuredQueue {
  let store: JobStore
  let person: Caller
  let token: TokenID

  func submit(_ spec: JobSpec) async throws -> JobID {
    try await store.submit(SubmitRequest(spec: spec), by: person).id
  }

  func register(slots: Int) async throws -> SessionID {
    try await store.register(Self.worker(slots: slots), token: token).session
  }

  func claim(_ session: SessionID, _ kinds: [TaskKind], limit: Int, wait: Double) async throws
    -> [ClaimedTask]
  {
    let request = ClaimRequest(session: session, kinds: kinds, limit: limit)
    let deadline = ContinuousClock.now + .seconds(wait)
    while true {
      let tasks = try await store.claim(request, token: token).tasks
      if !tasks.isEmpty || .now >= deadline { return tasks }
      try await Task.sleep(for: .milliseconds(5))
    }
  }

  func complete(_ tasks: [CompleteRequest]) async throws -> Int {
    try await store.complete(tasks).filter { $0.outcome == .accepted }.count
  }

  func complete(_ tasks: [CompleteRequest], next session: SessionID, _ kinds: [TaskKind], limit: Int)
    async throws
    -> (accepted: Int, next: [ClaimedTask])
  {
    let (results, next) = try await store.complete(
      tasks, next: ClaimRequest(session: session, kinds: kinds, limit: limit), token: token)
    return (results.filter { $0.outcome == .accepted }.count, next.tasks)
  }

  func heartbeat(_ session: SessionID, _ leases: [Lease]) async throws -> Bool {
    let request = HeartbeatRequest(session: session, leases: leases.map { .init($0) })
    return try await store.heartbeat(request, token: token).sessionAlive
  }

  static func worker(slots: Int) -> RegisterRequest {
    RegisterRequest(
      name: "benchmark", host: "localhost", process: 1, version: "benchmark", kinds: TaskKind.allCases,
      slots: slots)
  }
}

struct HTTPQueue: MeasuredQueue {
  let person: CoordinatorClient
  let worker: CoordinatorClient

  func submit(_ spec: JobSpec) async throws -> JobID { try await person.submit(SubmitRequest(spec: spec)).id }

  func register(slots: Int) async throws -> SessionID {
    try await worker.register(StoreQueue.worker(slots: slots)).session
  }

  func claim(_ session: SessionID, _ kinds: [TaskKind], limit: Int, wait: Double) async throws
    -> [ClaimedTask]
  {
    try await worker.claim(ClaimRequest(session: session, kinds: kinds, limit: limit, waitSeconds: wait))
      .tasks
  }

  func complete(_ tasks: [CompleteRequest]) async throws -> Int {
    try await worker.complete(tasks, patience: .brief).filter { $0.outcome == .accepted }.count
  }

  func complete(_ tasks: [CompleteRequest], next session: SessionID, _ kinds: [TaskKind], limit: Int)
    async throws
    -> (accepted: Int, next: [ClaimedTask])
  {
    let reply = try await worker.complete(
      tasks, next: ClaimRequest(session: session, kinds: kinds, limit: limit), patience: .brief)
    return (reply.results.filter { $0.outcome == .accepted }.count, reply.next.tasks)
  }

  func heartbeat(_ session: SessionID, _ leases: [Lease]) async throws -> Bool {
    try await worker.heartbeat(
      HeartbeatRequest(session: session, leases: leases.map { .init($0) }), timeout: 30
    ).sessionAlive
  }
}

/// Which queue a load is put on.
struct QueueOptions: ParsableArguments {
  @Option(help: "A libpq connection string.") var database: String
  @Option(help: "Go through the coordinator at this address.") var url: String?
  @Option(help: "Connections to the database.") var connections = 16

  /// The store, and the queue to load, which may be a coordinator on the same database.
  func open() async throws -> (store: JobStore, queue: any MeasuredQueue) {
    let store = JobStore(pool: ConnectionPool(address: PostgresAddress(database), size: connections))
    let lab = try await store.createLab(named: "benchmark")
    let token = try await store.createToken(CreateTokenRequest(user: "ada", role: .member), lab: lab)
    guard let caller = try await store.authenticate(secret: token.secret) else {
      throw ValidationError("the benchmark's own token is refused")
    }
    let pool = try await store.createToken(CreateTokenRequest(user: "pool", role: .worker), lab: lab)
    if let url {
      return (
        store,
        HTTPQueue(
          person: CoordinatorClient(url: url, token: token.secret),
          worker: CoordinatorClient(url: url, token: pool.secret))
      )
    }
    return (store, StoreQueue(store: store, person: caller, token: pool.id))
  }
}
