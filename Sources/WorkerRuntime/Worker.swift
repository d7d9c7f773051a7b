public import CoordinatorClient
public import JobModel
public import Logging

/// A worker process: claims tasks, has its executors do them, and keeps their leases.
///
/// What holds at any moment:
/// - A task's output is committed only while its lease is trusted (`LeaseTrust`), and the database checks the
///   epoch again.
/// - Heartbeats go out from a task of their own, whatever executors do.
/// - While the coordinator or its database is away the worker waits and says so; work goes on until its lease
///   can no longer be trusted, then it is told to stop and its output is discarded.
/// - At its end (the task of `run()` is cancelled) leases are given back at once, which costs no attempt.
public actor Worker {
  struct Running {
    let context: TaskContext
    var trust: LeaseTrust
    let work: Task<TaskOutcome, any Error>
    let savesOnRequest: Bool
    /// What it holds of the worker's GPUs.
    let devices: [Int]
  }

  let client: CoordinatorClient
  let completions: CompletionQueue
  let executors: [any TaskExecutor]
  let configuration: WorkerConfiguration
  let logger: Logger
  let files = ConfinedFiles()
  let rules = JobRules()

  let inventory: Inventory
  /// What the running tasks leave of it.
  var free: FreeResources
  /// nil without GPUs.
  let watch: DeviceWatch?
  /// GPUs that get no task until they could be opened anew, and what sees to that.
  var withheld: Set<Int> = []
  var restorations: [Int: Task<Void, Never>] = [:]

  var session: RegisterReply?
  /// When the request was sent that renewed the session last: its leases live from then.
  var renewedAt = ContinuousClock.now
  /// Leases that are held or whose work has not ended yet.
  var running: [Lease: Running] = [:]
  var performing: [Lease: Task<Void, Never>] = [:]
  var idleThreads: [DedicatedThread] = []
  /// The coordinator has been asked for tasks and has not answered yet: by the claim loop, or together with ends of tasks.
  var isClaiming = false
  /// When to have the session's leases compared with those in hand: the coordinator may count some as the session's that
  /// this worker does not hold. nil: it was never in doubt.
  var comparisonDue: ContinuousClock.Instant?
  /// Leases of tasks that did not fit beside those in hand, on their way back.
  var declined: Set<Lease> = []
  var changeWaiter: CheckedContinuation<Void, Never>?

  public init(
    client: CoordinatorClient, executors: [any TaskExecutor],
    configuration: WorkerConfiguration = WorkerConfiguration(), logger: Logger = Logger(label: "worker")
  ) {
    self.client = client
    completions = CompletionQueue(client: client)
    self.executors = executors
    self.configuration = configuration
    self.logger = logger
    inventory = Host.inventory(
      labels: configuration.labels, devices: configuration.devices, ownDevice: configuration.ownDevice)
    free = inventory.free
    watch = configuration.devices.isEmpty ? nil : DeviceWatch(configuration.deviceUse)
  }

  /// The kinds of tasks it claims.
  public nonisolated var kinds: [TaskKind] {
    TaskKind.allCases.filter { kind in
      (configuration.kinds?.contains(kind) ?? true) && executors.contains { $0.kinds.contains(kind) }
    }
  }

  /// What its executors have in memory.
  nonisolated var loaded: [String] { Set(executors.flatMap(\.loadedCheckpoints)).sorted() }

  /// Works until its task is cancelled.
  /// - Throws: when the coordinator refuses the worker: a wrong token, a token that is no worker's.
  public func run() async throws {
    guard !kinds.isEmpty else {
      throw TaskError(.userError, "this worker has no executor for the kinds of tasks it was told to take")
    }
    let failure = await withTaskGroup(of: (any Error)?.self) { group in
      group.addTask {
        do { try await self.claimTasks() } catch { return error }
        return nil
      }
      group.addTask {
        await self.keepLeases()
        return nil
      }
      let first = await group.next() ?? nil
      group.cancelAll()
      return first
    }
    // Cancelled tasks make no calls, and the last ones matter: they are made by a task that is not.
    await Task { await self.shutDown() }.value
    if let failure, !Task.isCancelled, !(failure is CancellationError) { throw failure }
  }

  // MARK: End

  private func shutDown() async {
    let inHand = running.count
    for lease in running.keys { stop(lease, .draining) }
    for restoration in restorations.values { restoration.cancel() }
    if let session {
      self.session = nil
      do {
        // Gives back every lease the session holds, those of a claim whose answer never came included.
        try await client.endSession(
          EndSessionRequest(session: session.session), patience: Patience(seconds: 5))
        logger.info("session \(session.session) ended, \(inHand) leases given back")
      } catch {
        logger.warning("session \(session.session) could not be ended; its leases lapse by themselves")
      }
    }
    let performing = Array(performing.values)
    guard !performing.isEmpty else { return }
    let limit = configuration.drainSeconds
    // Not a task group: it would wait for work that does not stop.
    let (ends, end) = AsyncStream.makeStream(of: Bool.self)
    Task {
      for task in performing { await task.value }
      end.yield(true)
    }
    let alarm = Task {
      try await Task.sleep(for: .seconds(limit))
      end.yield(false)
    }
    var ended = false
    for await first in ends {
      ended = first
      break
    }
    alarm.cancel()
    if !ended { logger.warning("some work has not stopped within \(limit) s and is left behind") }
  }
}
