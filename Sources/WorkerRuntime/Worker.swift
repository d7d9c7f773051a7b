public import CoordinatorClient
public import JobModel
public import Logging

public struct WorkerConfiguration: Sendable {
  /// For people; several workers may share one.
  public var name: String
  /// Tasks done at once.
  public var slots: Int
  /// Takes only these of the kinds its executors offer; nil takes all.
  public var kinds: Set<TaskKind>?
  /// For jobs that ask for them.
  public var labels: [String: String]
  /// The GPUs that jobs can ask for.
  public var devices: [Inventory.Device]
  /// The GPU for tasks that ask for none; nil: they compute on the processor.
  public var ownDevice: Int?
  /// How much these GPUs are used, as far as the machine tells it; called on a thread of its own.
  public var deviceUse: @Sendable () -> [DeviceReport]
  /// Opens a GPU and closes it again, and throws when it cannot be used; called on a thread of its own.
  public var openDevice: @Sendable (Int) throws -> Void
  public var version: String
  /// How long a shutdown waits for executors that have been told to stop, in seconds. Their leases are given
  /// back before.
  public var drainSeconds: Double
  /// How long a claim waits at the coordinator, in seconds.
  public var claimWaitSeconds: Double

  public init(
    name: String? = nil, slots: Int = 1, kinds: Set<TaskKind>? = nil, labels: [String: String] = [:],
    devices: [Inventory.Device] = [], ownDevice: Int? = nil,
    deviceUse: @escaping @Sendable () -> [DeviceReport] = { [] },
    openDevice: @escaping @Sendable (Int) throws -> Void = { _ in }, version: String = "0.1.0",
    drainSeconds: Double = 20, claimWaitSeconds: Double = 20
  ) {
    self.name = name ?? Host.name
    self.slots = max(1, slots)
    self.kinds = kinds
    self.labels = labels
    self.devices = devices
    self.ownDevice = ownDevice
    self.deviceUse = deviceUse
    self.openDevice = openDevice
    self.version = version
    self.drainSeconds = drainSeconds
    self.claimWaitSeconds = claimWaitSeconds
  }
}

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
    /// What it holds of the worker's GPUs; nil: it was given more than the worker has.
    let devices: [Int]?
  }

  let client: CoordinatorClient
  let completions: CompletionQueue
  let executors: [any TaskExecutor]
  let configuration: WorkerConfiguration
  let logger: Logger
  private let files = ConfinedFiles()

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
  private var performing: [Lease: Task<Void, Never>] = [:]
  private var idleThreads: [DedicatedThread] = []
  /// The coordinator has been asked for tasks and has not answered yet: by the claim loop, or together with ends of tasks.
  private var isClaiming = false
  /// When to have the session's leases compared with those in hand: the coordinator may count some as the session's that
  /// this worker does not hold. nil: it was never in doubt.
  private var comparisonDue: ContinuousClock.Instant?
  private var changeWaiter: CheckedContinuation<Void, Never>?

  public init(
    client: CoordinatorClient, executors: [any TaskExecutor],
    configuration: WorkerConfiguration = WorkerConfiguration(), logger: Logger = Logger(label: "worker")
  ) {
    self.client = client
    completions = CompletionQueue(client: client)
    self.executors = executors
    self.configuration = configuration
    self.logger = logger
    inventory = Host.inventory(labels: configuration.labels, devices: configuration.devices)
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

  // MARK: Claiming

  private func claimTasks() async throws {
    while true {
      try Task.checkCancellation()
      let session = try await currentSession()
      if isComparisonDue, !isClaiming {
        await settleDoubt(session)
        continue
      }
      let slots = configuration.slots - performing.count
      guard slots > 0, !isClaiming, !isOwnDeviceWithheld else {
        await waitForChange()
        continue
      }
      let reply: ClaimReply
      do {
        isClaiming = true
        defer { isClaiming = false }
        reply = try await client.claim(
          claim(in: session, slots: slots, free: free, waitSeconds: claimWaitSeconds))
      } catch let error as CoordinatorError where error.kind == .unreachable || error.kind == .unavailable {
        try Task.checkCancellation()
        claimGotNoAnswer(error)
        continue
      }
      take(reply, in: session)
    }
  }

  private func take(_ reply: ClaimReply, in session: RegisterReply) {
    guard reply.sessionAlive else {
      loseSession(session.session)
      return
    }
    for task in reply.tasks { begin(task, session) }
  }

  /// What to ask for together with the ends of tasks: as much as will be free when they have ended. nil when the claim
  /// loop is asking already, or there is nothing to ask for just now. An answer goes to `claimed` or `claimGotNoAnswer`.
  func claim(after ending: [Lease]) -> ClaimRequest? {
    let ended = ending.compactMap { running[$0] }
    let slots = configuration.slots - performing.count + ended.count
    guard let session, slots > 0, !isClaiming, !isComparisonDue, !isOwnDeviceWithheld,
      ended.count == ending.count, ended.allSatisfy(\.context.withheldDevices.isEmpty)
    else { return nil }
    var free = free
    for task in ended { giveBack(task.devices, of: task.context.task, to: &free) }
    isClaiming = true
    return claim(in: session, slots: slots, free: free)
  }

  private func claim(
    in session: RegisterReply, slots: Int, free: FreeResources, waitSeconds: Double = 0
  ) -> ClaimRequest {
    ClaimRequest(
      session: session.session, kinds: kinds, limit: slots, waitSeconds: waitSeconds, free: free,
      loaded: loaded)
  }

  /// Begins what was leased, once the tasks whose places it takes have ended.
  func claimed(_ reply: ClaimReply, by claim: ClaimRequest, after ending: [Lease]) async {
    for lease in ending { await performing[lease]?.value }
    isClaiming = false
    // Whoever has ended the session meanwhile has given its leases back.
    if let session, session.session == claim.session { take(reply, in: session) }
    wakeClaims()
  }

  func claimGotNoAnswer(_ error: any Error) {
    isClaiming = false
    logger.warning("a claim got no answer: \((error as? CoordinatorError)?.message ?? "\(error)")")
    doubtSession()
  }

  /// A lease may still be the session's, and nobody works on its task: a claim got no answer, the end of the task could
  /// not be delivered, or the lease could not be renewed in time.
  func doubtSession() {
    comparisonDue = .now
    wakeClaims()
  }

  var isComparisonDue: Bool { comparisonDue.map { $0 <= .now } ?? false }

  /// A claim whose answer never came may have leased tasks that this worker knows nothing of, a task's end may not have
  /// arrived, and heartbeats keep all leases of a session. So before more is claimed, the coordinator takes back whatever
  /// is not in hand. It may not be done with what it did not answer, so it is asked again, until nothing is in hand: then a
  /// new session begins.
  private func settleDoubt(_ old: RegisterReply) async {
    let asOf = ContinuousClock.now
    // What is claimed meanwhile would be taken back, too.
    isClaiming = true
    defer { isClaiming = false }
    if performing.isEmpty {
      try? await client.endSession(EndSessionRequest(session: old.session), patience: Patience(seconds: 30))
      if session?.session == old.session { session = nil }
      return
    }
    let held = running.filter { $0.value.context.stopReason != .leaseLost }.map(\.key)
    do {
      let released = try await client.releaseForgotten(
        ReleaseForgottenRequest(session: old.session, held: held), patience: Patience(seconds: 10))
      if released > 0 {
        logger.notice("leases that were lost on their way here, or back, were given back: \(released)")
      }
      // Unless there was new doubt meanwhile.
      if comparisonDue.map({ $0 <= asOf }) ?? false {
        comparisonDue = asOf + .seconds(configuration.claimWaitSeconds + 40)
      }
    } catch let error as CoordinatorError where error.status == 404 {
      // A coordinator of an earlier version: nothing more is claimed before the work in hand is done.
      while !performing.isEmpty, !Task.isCancelled { await waitForChange() }
    } catch {
      // The heartbeats go on, and so does the work in hand.
      logger.warning("what the coordinator takes for this worker's could not be compared: \(error)")
      try? await Task.sleep(for: .seconds(1))
    }
  }

  private func currentSession() async throws -> RegisterReply {
    if let session { return session }
    let start = ContinuousClock.now
    let reply = try await client.register(
      RegisterRequest(
        name: configuration.name, host: Host.name, process: Host.process, version: configuration.version,
        kinds: kinds, slots: configuration.slots, inventory: inventory))
    session = reply
    renewedAt = start
    comparisonDue = nil
    logger.info(
      "registered as session \(reply.session) for \(kinds.map(\.rawValue).joined(separator: ", "))")
    return reply
  }

  /// The coordinator has given the session up: so are its leases.
  func loseSession(_ lost: SessionID) {
    guard session?.session == lost else { return }
    logger.warning("the coordinator gave session \(lost) up; registering again")
    session = nil
    for lease in running.keys { stop(lease, .leaseLost) }
  }

  /// Suspends the claim loop until a task has ended.
  private func waitForChange() async {
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        if Task.isCancelled { continuation.resume() } else { changeWaiter = continuation }
      }
    } onCancel: {
      Task { await self.wakeClaims() }
    }
  }

  func wakeClaims() {
    changeWaiter?.resume()
    changeWaiter = nil
  }

  // MARK: Tasks

  private func begin(_ task: ClaimedTask, _ session: RegisterReply) {
    let devices = free.take(task.need)
    let taken = devices ?? []
    if taken.isEmpty, let own = configuration.ownDevice { free.use(own) }
    let context = TaskContext(
      task: task, client: client,
      devices: taken.isEmpty ? configuration.ownDevice.map { [$0] } ?? [] : taken)
    let trust = LeaseTrust(leaseSeconds: session.leaseSeconds, renewedBy: renewedAt)
    let thread = idleThreads.popLast() ?? DedicatedThread(name: "task")
    let executor = executors.first {
      $0.kinds.contains(task.kind) && $0.jobKinds.contains(task.spec.kind)
    }
    let work = Task<TaskOutcome, any Error>(executorPreference: thread) { [files] in
      guard let executor else {
        throw TaskError(
          .transient,
          "this worker has no executor for \(task.kind.rawValue) tasks of \(task.spec.kind.rawValue) jobs")
      }
      try files.check(task)
      return try await executor.run(task, context: context)
    }
    running[task.lease] = Running(
      context: context, trust: trust, work: work, savesOnRequest: executor?.savesOnRequest ?? false,
      devices: devices)
    logger.info(
      "task \(task.id) (\(task.kind.rawValue) of job \(task.job), attempt \(task.attempt)) begins")
    performing[task.lease] = Task {
      await self.perform(context, work)
      self.ended(context, devices, thread)
    }
  }

  /// - Parameter devices: what `begin` took; nil where the task did not fit.
  private func giveBack(_ devices: [Int]?, of task: ClaimedTask, to free: inout FreeResources) {
    if let devices { free.give(task.need, devices: devices) }
    if devices ?? [] == [], let own = configuration.ownDevice { free.leave(own) }
  }

  private func ended(_ context: TaskContext, _ devices: [Int]?, _ thread: DedicatedThread) {
    let task = context.task
    giveBack(devices, of: task, to: &free)
    for (device, reason) in context.withheldDevices { withhold(device, because: reason) }
    running[task.lease] = nil
    performing[task.lease] = nil
    idleThreads.append(thread)
    wakeClaims()
  }

  /// Tells the work under `lease` to end.
  func stop(_ lease: Lease, _ reason: StopReason) {
    guard let entry = running[lease], entry.context.stopReason == nil else { return }
    entry.context.stop(reason)
    entry.work.cancel()
    logger.notice("task \(lease.task) is told to stop: \(reason.rawValue)")
  }

  /// Others are due its place. Work that can be saved is given the time; other work stops at once.
  func yield(_ lease: Lease) {
    guard let entry = running[lease], !entry.context.isAskedToYield else { return }
    entry.context.askToYield()
    logger.notice("task \(lease.task) is asked to give way")
    if !entry.savesOnRequest { stop(lease, .preempted) }
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
