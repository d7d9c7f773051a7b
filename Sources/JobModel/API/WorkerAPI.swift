public import OrderedJSON

/// A worker process announces itself and gets a session.
public struct RegisterRequest: Codable, Sendable, Equatable {
  /// For people; sessions tell processes apart, names do not.
  public var name: String
  public var host: String
  public var process: Int
  public var version: String
  public var kinds: [TaskKind]
  /// Tasks it runs at once.
  public var slots: Int
  /// Devices, memory, cores and labels, as the worker describes them.
  public var inventory: Inventory

  public init(
    name: String, host: String, process: Int, version: String, kinds: [TaskKind], slots: Int,
    inventory: Inventory = Inventory()
  ) {
    self.name = name
    self.host = host
    self.process = process
    self.version = version
    self.kinds = kinds
    self.slots = slots
    self.inventory = inventory
  }
}

public struct RegisterReply: Codable, Sendable, Equatable {
  public var session: SessionID
  /// A lease is trusted until the start of the last successful renewal plus this many seconds, less a margin.
  public var leaseSeconds: Double
  public var heartbeatSeconds: Double

  public init(session: SessionID, leaseSeconds: Double, heartbeatSeconds: Double) {
    self.session = session
    self.leaseSeconds = leaseSeconds
    self.heartbeatSeconds = heartbeatSeconds
  }

  enum CodingKeys: String, CodingKey {
    case session
    case leaseSeconds = "lease_seconds"
    case heartbeatSeconds = "heartbeat_seconds"
  }
}

public struct ClaimRequest: Codable, Sendable, Equatable {
  public var session: SessionID
  public var kinds: [TaskKind]
  /// At most so many tasks.
  public var limit: Int
  /// How long the coordinator may wait for work before it answers with none.
  public var waitSeconds: Double
  /// What its running tasks leave of its inventory; nil: only tasks that need no more than a slot are wanted.
  public var free: FreeResources?
  /// What it has in memory, by `CheckpointKey`; nil says nothing, and its claims go by the order of the queue alone.
  public var loaded: [String]?

  public init(
    session: SessionID, kinds: [TaskKind], limit: Int, waitSeconds: Double = 0, free: FreeResources? = nil,
    loaded: [String]? = nil
  ) {
    self.session = session
    self.kinds = kinds
    self.limit = limit
    self.waitSeconds = waitSeconds
    self.free = free
    self.loaded = loaded
  }

  enum CodingKeys: String, CodingKey {
    case session, kinds, limit
    case waitSeconds = "wait_seconds"
    case free, loaded
  }
}

/// A task under lease, with all its executor needs.
public struct ClaimedTask: Codable, Sendable, Equatable {
  public var id: TaskID
  public var epoch: Epoch
  public var job: JobID
  public var lab: LabID
  public var kind: TaskKind
  public var stage: Int
  public var ordinal: Int64?
  /// From 1; interruptions do not count.
  public var attempt: Int
  public var maxAttempts: Int
  /// How often such tasks ran out of memory before: its executor works on half as much at once for each.
  public var memoryFailures: Int
  public var payload: JSON
  public var spec: JobSpec
  /// Where the job's paths must lie, links followed; nil allows every path.
  public var confinement: PathConfinement?

  public init(
    id: TaskID, epoch: Epoch, job: JobID, lab: LabID, kind: TaskKind, stage: Int, ordinal: Int64?,
    attempt: Int, maxAttempts: Int, memoryFailures: Int = 0, payload: JSON, spec: JobSpec,
    confinement: PathConfinement? = nil
  ) {
    self.id = id
    self.epoch = epoch
    self.job = job
    self.lab = lab
    self.kind = kind
    self.stage = stage
    self.ordinal = ordinal
    self.attempt = attempt
    self.maxAttempts = maxAttempts
    self.memoryFailures = memoryFailures
    self.payload = payload
    self.spec = spec
    self.confinement = confinement
  }

  public var lease: Lease { Lease(task: id, epoch: epoch) }

  /// What it takes of the worker beside a slot.
  public var need: ResourceRequest {
    kind == .plan || kind == .report ? spec.resources.light : spec.resources
  }

  enum CodingKeys: String, CodingKey {
    case id, epoch, job, lab, kind, stage, ordinal, attempt
    case maxAttempts = "max_attempts"
    case memoryFailures = "memory_failures"
    case payload, spec, confinement
  }
}

public struct ClaimReply: Codable, Sendable, Equatable {
  public var tasks: [ClaimedTask]
  /// False when the session is dead or unknown: register again.
  public var sessionAlive: Bool

  public init(tasks: [ClaimedTask], sessionAlive: Bool) {
    self.tasks = tasks
    self.sessionAlive = sessionAlive
  }

  enum CodingKeys: String, CodingKey {
    case tasks
    case sessionAlive = "session_alive"
  }
}

/// The right to write for a task: valid while the database holds the same epoch and the task runs.
public struct Lease: Codable, Sendable, Equatable, Hashable {
  public var task: TaskID
  public var epoch: Epoch

  public init(task: TaskID, epoch: Epoch) {
    self.task = task
    self.epoch = epoch
  }
}

public struct HeartbeatRequest: Codable, Sendable, Equatable {
  public var session: SessionID
  public var leases: [Renewal]
  /// What it has in memory, by `CheckpointKey`; nil leaves what it said before.
  public var loaded: [String]?
  /// The use of its GPUs; nil leaves what it said before.
  public var devices: [DeviceReport]?

  public struct Renewal: Codable, Sendable, Equatable {
    public var task: TaskID
    public var epoch: Epoch
    /// nil leaves the progress as it is.
    public var progress: TaskProgress?

    public init(_ lease: Lease, progress: TaskProgress? = nil) {
      task = lease.task
      epoch = lease.epoch
      self.progress = progress
    }
  }

  public init(
    session: SessionID, leases: [Renewal], loaded: [String]? = nil, devices: [DeviceReport]? = nil
  ) {
    self.session = session
    self.leases = leases
    self.loaded = loaded
    self.devices = devices
  }
}

public struct HeartbeatReply: Codable, Sendable, Equatable {
  /// False when the session is dead or unknown: stop all work and register again.
  public var sessionAlive: Bool
  /// One per renewal, in its order.
  public var results: [Result]

  public struct Result: Codable, Sendable, Equatable {
    public var task: TaskID
    public var epoch: Epoch
    public var verdict: Verdict

    public init(task: TaskID, epoch: Epoch, verdict: Verdict) {
      self.task = task
      self.epoch = epoch
      self.verdict = verdict
    }
  }

  public enum Verdict: String, Codable, Sendable {
    case renewed
    /// The lease belongs to someone else now, or the task is over: discard the output.
    case lost
    /// The job was cancelled: stop, discard the output. The lease is over.
    case cancelRequested = "cancel-requested"
    /// Renewed, but others are due its place: save the work and give the lease back soon.
    case yieldRequested = "yield-requested"
  }

  public init(sessionAlive: Bool, results: [Result]) {
    self.sessionAlive = sessionAlive
    self.results = results
  }

  enum CodingKeys: String, CodingKey {
    case sessionAlive = "session_alive"
    case results
  }
}

public struct CompleteRequest: Codable, Sendable, Equatable {
  public var lease: Lease
  public var result: JSON
  /// Tasks to create in the same transaction.
  public var spawn: [NewTask]
  /// Items for tasks to be made of later.
  public var range: NewRange?
  public var artifacts: [Artifact]
  /// The groups of a rollout task: those not stored yet are stored in the same transaction.
  public var groups: [RolloutGroup]
  /// The last progress, so that a finished task reads as finished.
  public var progress: TaskProgress?

  public init(
    lease: Lease, result: JSON = .object([]), spawn: [NewTask] = [], range: NewRange? = nil,
    artifacts: [Artifact] = [], groups: [RolloutGroup] = [], progress: TaskProgress? = nil
  ) {
    self.lease = lease
    self.result = result
    self.spawn = spawn
    self.range = range
    self.artifacts = artifacts
    self.groups = groups
    self.progress = progress
  }
}

/// Whether a write under a lease took effect.
public enum WriteOutcome: String, Codable, Sendable, Equatable {
  case accepted
  /// The lease is over: nothing was written.
  case stale
}

public struct WriteReply: Codable, Sendable, Equatable {
  public var outcome: WriteOutcome
  public init(outcome: WriteOutcome) { self.outcome = outcome }
}

/// Ends many tasks at once, and asks for the next ones. Each has its own outcome.
public struct CompleteTasksRequest: Codable, Sendable, Equatable {
  /// The most in one request.
  public static let most = 1_000

  public var tasks: [CompleteRequest]
  /// What the worker takes then. The coordinator does not wait for work.
  public var next: ClaimRequest?

  public init(tasks: [CompleteRequest], next: ClaimRequest? = nil) {
    self.tasks = tasks
    self.next = next
  }
}

public struct CompleteTasksReply: Codable, Sendable, Equatable {
  /// In the order of the request.
  public var results: [CompletionResult]
  /// Where the next ones were asked for.
  public var next: ClaimReply?

  public init(results: [CompletionResult], next: ClaimReply? = nil) {
    self.results = results
    self.next = next
  }
}

public struct CompletionResult: Codable, Sendable, Equatable {
  public var task: TaskID
  public var epoch: Epoch
  public var outcome: CompletionOutcome
  /// Why it was refused.
  public var message: String?

  public init(task: TaskID, epoch: Epoch, outcome: CompletionOutcome, message: String? = nil) {
    self.task = task
    self.epoch = epoch
    self.outcome = outcome
    self.message = message
  }
}

public enum CompletionOutcome: String, Codable, Sendable, Equatable, CaseIterable {
  case accepted
  /// The lease is over: nothing was written.
  case stale
  /// It contradicts the task: nothing was written, and the lease still holds.
  case refused
}

public struct FailRequest: Codable, Sendable, Equatable {
  public var lease: Lease
  public var failure: TaskFailure
  public init(lease: Lease, failure: TaskFailure) {
    self.lease = lease
    self.failure = failure
  }
}

public struct FailReply: Codable, Sendable, Equatable {
  public var outcome: WriteOutcome
  /// Seconds until the next attempt; nil when there will be none.
  public var retryAfter: Double?

  public init(outcome: WriteOutcome, retryAfter: Double?) {
    self.outcome = outcome
    self.retryAfter = retryAfter
  }

  enum CodingKeys: String, CodingKey {
    case outcome
    case retryAfter = "retry_after"
  }
}

/// Gives leases back unfinished: a drain or a shutdown.
public struct ReleaseRequest: Codable, Sendable, Equatable {
  public var leases: [Lease]
  public var reason: String
  public init(leases: [Lease], reason: String) {
    self.leases = leases
    self.reason = reason
  }
}

/// Gives back what a session holds and its worker does not know of: what a claim leased whose answer was lost, or a task
/// whose end did not arrive. Heartbeats would keep it for as long as the worker lives.
public struct ReleaseForgottenRequest: Codable, Sendable, Equatable {
  public var session: SessionID
  /// Everything that the worker works on, or is about to tell the end of.
  public var held: [Lease]
  public init(session: SessionID, held: [Lease]) {
    self.session = session
    self.held = held
  }
}

/// Ends a session; leases it still holds are given back.
public struct EndSessionRequest: Codable, Sendable, Equatable {
  public var session: SessionID
  public init(session: SessionID) { self.session = session }
}

public struct LogLine: Codable, Sendable, Equatable {
  public var stream: Stream
  public var text: String

  public enum Stream: String, Codable, Sendable { case log, output, error }

  public init(_ text: String, stream: Stream = .log) {
    self.stream = stream
    self.text = text
  }
}

public struct AppendLogsRequest: Codable, Sendable, Equatable {
  public var lease: Lease
  public var lines: [LogLine]
  public init(lease: Lease, lines: [LogLine]) {
    self.lease = lease
    self.lines = lines
  }
}
