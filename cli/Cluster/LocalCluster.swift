import CoordinatorClient
import FoundationEssentials
import Glibc
import JobModel
import JobStore
import LocalPostgres
import PostgresClient

/// A private PostgreSQL, a coordinator and workers on this machine, each a process of its own.
///
/// One that dies is started again; what a worker or a coordinator was doing goes on from the database. The processes
/// end with the one that started them, however it ends.
actor LocalCluster {
  /// A worker process to run.
  struct WorkerPlan: Sendable {
    let name: String
    /// nil takes every kind of task.
    let kinds: [TaskKind]?
    /// Processes that learn together under mpirun.
    var ranks = 1
  }

  nonisolated let url: String
  nonisolated let token: String
  nonisolated let workerToken: String
  /// The private PostgreSQL's connection string.
  nonisolated let database: String
  /// Logs of all processes.
  nonisolated let logs: String
  private let lock: SystemLock
  private var postgres: LocalPostgres
  private var postgresKeeper: Task<Void, Never>?
  private var children: [String: ChildProcess] = [:]
  private var keepers: [Task<Void, Never>] = []
  private var isStopping = false

  /// Where a cluster's PostgreSQL is asked to lie.
  static func database(under folder: String) -> String { folder + "/postgres" }

  /// Starts everything and returns when the coordinator answers.
  ///
  /// - Parameters:
  ///   - folder: holds the database and the logs; a second start goes on with the same database, and the tokens of
  ///     an earlier one end.
  ///   - lock: on the folder, held by every process that is started here.
  ///   - listen: the coordinator's address; port 0 takes a free one.
  ///   - timing: how long a silent worker keeps its tasks.
  ///   - saying: called with one line per thing started.
  static func start(
    folder: String, lock: SystemLock, listen: String, workers: [WorkerPlan],
    timing: LeaseTiming = LeaseTiming(),
    saying say: @Sendable (String) -> Void
  ) async throws -> LocalCluster {
    let logs = folder + "/logs"
    try FileManager.default.createDirectory(atPath: logs, withIntermediateDirectories: true)
    let postgres = try await LocalPostgres.start(
      folder: database(under: folder), options: .init(kept: lock.descriptor), saying: say)
    say("PostgreSQL runs in \(postgres.folder)")
    do {
      let tokens = try await Self.tokens(postgres.address)
      let log = logs + "/coordinator.log"
      try? FileManager.default.removeItem(atPath: log)
      let first = try Self.coordinator(postgres.address, lock, listen: listen, timing: timing, log: log)
      let url = try await OwnProcess.coordinatorAddress(in: log, of: first)
      say("the coordinator listens on \(url)")
      let cluster = LocalCluster(
        url: url, token: tokens.member, workerToken: tokens.worker, logs: logs, lock: lock, postgres: postgres
      )
      await cluster.keep("coordinator", first) {
        // The port is known by now and others know it: a replacement takes the same one.
        try Self.coordinator(
          postgres.address, lock, listen: String(url.dropFirst("http://".count)), timing: timing, log: log)
      }
      for plan in workers {
        try await cluster.startWorker(plan)
        say(
          "worker \(plan.name) runs: \(plan.kinds?.map(\.rawValue).joined(separator: ", ") ?? "every kind of task")"
        )
      }
      await cluster.keepPostgres(in: database(under: folder))
      return cluster
    } catch {
      try? await postgres.stop()
      throw error
    }
  }

  private init(
    url: String, token: String, workerToken: String, logs: String, lock: SystemLock, postgres: LocalPostgres
  ) {
    self.url = url
    self.token = token
    self.workerToken = workerToken
    self.logs = logs
    self.lock = lock
    self.postgres = postgres
    database = postgres.address.connectionString
  }

  /// Process ids by name.
  var processes: [String: Int32] {
    var result = children.mapValues(\.id)
    result["postgres"] = postgres.process
    return result
  }

  /// A client with the member's token.
  nonisolated var client: CoordinatorClient {
    CoordinatorClient(url: url, token: token, patience: .brief) { notice in Terminal.writeError(notice + "\n")
    }
  }

  /// Ends workers first, so that they give their leases back, then the coordinator, then the database.
  func stop() async {
    isStopping = true
    for (name, child) in children where name != "coordinator" { child.signal(SIGTERM) }
    for (name, child) in children where name != "coordinator" { await Self.waitForEnd(of: child) }
    if let coordinator = children["coordinator"] {
      coordinator.signal(SIGTERM)
      await Self.waitForEnd(of: coordinator)
    }
    for keeper in keepers { await keeper.value }
    postgresKeeper?.cancel()
    try? await postgres.stop()
    await postgresKeeper?.value
  }

  /// A process that does not end in order within ten seconds is killed: the database holds what matters.
  private static func waitForEnd(of child: ChildProcess) async {
    let killer = Task {
      try await Task.sleep(for: .seconds(10))
      child.signalGroup(SIGKILL)
    }
    _ = await child.waitForExit()
    killer.cancel()
  }

  // MARK: Processes

  private func startWorker(_ plan: WorkerPlan) throws {
    var arguments = ["worker", "--url", url, "--name", plan.name]
    if plan.ranks > 1 {
      arguments.append("--mpi")
    } else if let kinds = plan.kinds {
      arguments += ["--kinds", kinds.map(\.rawValue).joined(separator: ",")]
    }
    let environment = OwnProcess.environment(adding: ["AR1_TOKEN": workerToken])
    let log = "\(logs)/worker-\(plan.name).log"
    try? FileManager.default.removeItem(atPath: log)
    let start: @Sendable () throws -> ChildProcess = { [arguments, lock] in
      plan.ranks > 1
        ? try OwnProcess.spawnRanks(plan.ranks, arguments, lock, environment: environment, log: log)
        : try OwnProcess.spawn(arguments, lock, environment: environment, log: log)
    }
    keep("worker-\(plan.name)", try start(), startingAgain: start)
  }

  /// Holds a process and starts another one whenever it ends by itself.
  private func keep(
    _ name: String, _ child: ChildProcess, startingAgain start: @escaping @Sendable () throws -> ChildProcess
  ) {
    children[name] = child
    keepers.append(
      Task {
        var current = child
        var pauses = RestartPauses()
        while true {
          let began = ContinuousClock.now
          let exit = await current.waitForExit()
          if isStopping { return }
          Terminal.writeError("\(name) ended (\(exit)); starting it again\n")
          pauses.ended(after: began.duration(to: .now))
          while true {
            try? await Task.sleep(for: pauses.next)
            if isStopping { return }
            do {
              current = try start()
              break
            } catch {
              pauses.failed()
              Terminal.writeError("\(error)\ntrying again in \(pauses.next)\n")
            }
          }
          children[name] = current
        }
      })
  }

  /// Starts PostgreSQL again whenever it ends by itself. Its address stays the same, so that the coordinator finds
  /// it again.
  private func keepPostgres(in folder: String) {
    postgresKeeper = Task {
      var pauses = RestartPauses()
      while true {
        let began = ContinuousClock.now
        let exit = await postgres.waitForExit()
        if isStopping { return }
        Terminal.writeError("postgres ended (\(exit)); starting it again\n")
        pauses.ended(after: began.duration(to: .now))
        while true {
          try? await Task.sleep(for: pauses.next)
          if isStopping { return }
          do {
            let next = try await LocalPostgres.start(
              folder: folder, options: .init(kept: lock.descriptor))
            if isStopping {
              try? await next.stop()
              return
            }
            postgres = next
            break
          } catch {
            if isStopping { return }
            pauses.failed()
            Terminal.writeError("\(error)\ntrying again in \(pauses.next)\n")
          }
        }
      }
    }
  }

  private static func coordinator(
    _ database: PostgresAddress, _ lock: SystemLock, listen: String, timing: LeaseTiming, log: String
  ) throws -> ChildProcess {
    try OwnProcess.spawn(
      [
        "coordinator", "--database", database.connectionString, "--listen", listen, "--lease-seconds",
        "\(timing.leaseSeconds)", "--heartbeat-seconds", "\(timing.heartbeatSeconds)",
      ], lock,
      environment: OwnProcess.environment(adding: [:]), log: log)
  }

  /// What tokens of these processes are noted as; those of an earlier start are of no use any more.
  private static let note = "ar1 up"

  private static func tokens(_ address: PostgresAddress) async throws -> (member: String, worker: String) {
    let pool = ConnectionPool(address: address, size: 1)
    let store = JobStore(pool: pool)
    _ = try await store.migrate()
    let lab = try await store.createLab(named: "local")
    try await store.revokeTokens(noted: note, lab: lab, reason: "everything is started anew")
    let member = try await store.createToken(
      CreateTokenRequest(user: "local", role: .admin, note: note), lab: lab)
    let worker = try await store.createToken(
      CreateTokenRequest(user: "local-worker", role: .worker, note: note), lab: lab)
    await pool.close()
    return (member.secret, worker.secret)
  }
}
