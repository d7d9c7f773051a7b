public import OrderedJSON

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
