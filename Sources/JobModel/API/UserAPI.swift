public import OrderedJSON

/// A new job. What is decoded has been checked by the rules for new ones; its paths are absolute.
public struct SubmitRequest: Codable, Sendable, Equatable {
  public var spec: JobSpec
  /// A second submission with the same key by the same lab returns the first job.
  public var idempotencyKey: String?

  public init(spec: JobSpec, idempotencyKey: String? = nil) {
    self.spec = spec
    self.idempotencyKey = idempotencyKey
  }

  /// - Throws: `JobSpecError` with everything that the rules have against the job.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      spec: try JobSpec(values.decode(JSON.self, forKey: .spec)),
      idempotencyKey: try values.decodeIfPresent(String.self, forKey: .idempotencyKey))
  }

  enum CodingKeys: String, CodingKey {
    case spec
    case idempotencyKey = "idempotency_key"
  }
}

/// A job as a person sees it.
public struct JobRecord: Codable, Sendable, Equatable {
  public var id: JobID
  public var lab: String
  public var user: String
  public var spec: JobSpec
  public var state: JobState
  public var createdAt: Timestamp
  public var startedAt: Timestamp?
  public var finishedAt: Timestamp?
  /// Since when nothing more of it begins, because it or its lab is paused; nil when neither is, or it has ended.
  public var pausedAt: Timestamp?
  /// Why it failed or who cancelled it.
  public var failure: TaskFailure?
  public var tasks: TaskCounts
  /// The progress of its tasks put together; nil before any is known.
  public var progress: TaskProgress?

  public init(
    id: JobID, lab: String, user: String, spec: JobSpec, state: JobState, createdAt: Timestamp,
    startedAt: Timestamp?, finishedAt: Timestamp?, pausedAt: Timestamp?, failure: TaskFailure?,
    tasks: TaskCounts, progress: TaskProgress?
  ) {
    self.id = id
    self.lab = lab
    self.user = user
    self.spec = spec
    self.state = state
    self.createdAt = createdAt
    self.startedAt = startedAt
    self.finishedAt = finishedAt
    self.pausedAt = pausedAt
    self.failure = failure
    self.tasks = tasks
    self.progress = progress
  }

  enum CodingKeys: String, CodingKey {
    case id, lab, user, spec, state
    case createdAt = "created_at"
    case startedAt = "started_at"
    case finishedAt = "finished_at"
    case pausedAt = "paused_at"
    case failure, tasks, progress
  }
}

public struct JobList: Codable, Sendable, Equatable {
  public var jobs: [JobRecord]
  /// Ask for what comes before this number to go on; nil at the end.
  public var next: JobID?
  public init(jobs: [JobRecord], next: JobID? = nil) {
    self.jobs = jobs
    self.next = next
  }
}

/// Why a person changes something, for the audit log.
public struct ReasonRequest: Codable, Sendable, Equatable {
  public var reason: String?
  public init(reason: String? = nil) { self.reason = reason }
}

/// A task as a person sees it.
public struct TaskRecord: Codable, Sendable, Equatable {
  public var id: TaskID
  public var kind: TaskKind
  public var stage: Int
  public var ordinal: Int64?
  public var state: TaskState
  public var attempt: Int
  public var maxAttempts: Int
  public var interruptions: Int
  public var epoch: Epoch
  /// The name of the worker that holds or held it last.
  public var worker: String?
  public var startedAt: Timestamp?
  public var finishedAt: Timestamp?
  /// The last failure, also when a retry followed.
  public var failure: TaskFailure?
  public var progress: TaskProgress?
  public var result: JSON?

  public init(
    id: TaskID, kind: TaskKind, stage: Int, ordinal: Int64?, state: TaskState, attempt: Int,
    maxAttempts: Int, interruptions: Int, epoch: Epoch, worker: String?, startedAt: Timestamp?,
    finishedAt: Timestamp?, failure: TaskFailure?, progress: TaskProgress?, result: JSON?
  ) {
    self.id = id
    self.kind = kind
    self.stage = stage
    self.ordinal = ordinal
    self.state = state
    self.attempt = attempt
    self.maxAttempts = maxAttempts
    self.interruptions = interruptions
    self.epoch = epoch
    self.worker = worker
    self.startedAt = startedAt
    self.finishedAt = finishedAt
    self.failure = failure
    self.progress = progress
    self.result = result
  }

  enum CodingKeys: String, CodingKey {
    case id, kind, stage, ordinal, state, attempt
    case maxAttempts = "max_attempts"
    case interruptions, epoch, worker
    case startedAt = "started_at"
    case finishedAt = "finished_at"
    case failure, progress, result
  }
}

/// Some of a job's tasks, stage by stage.
public struct TaskList: Codable, Sendable, Equatable {
  public var tasks: [TaskRecord]
  /// Ask for what comes after this task to go on; nil at the end.
  public var next: TaskID?

  public init(tasks: [TaskRecord], next: TaskID?) {
    self.tasks = tasks
    self.next = next
  }
}

/// A job with its tasks and its trusted files.
public struct JobDetail: Codable, Sendable, Equatable {
  public var job: JobRecord
  public var tasks: [TaskRecord]
  public var artifacts: [Artifact]
  /// Recorded learner steps of a training job, oldest first; empty for other kinds.
  public var steps: [StepRecord]

  public init(job: JobRecord, tasks: [TaskRecord], artifacts: [Artifact], steps: [StepRecord]) {
    self.job = job
    self.tasks = tasks
    self.artifacts = artifacts
    self.steps = steps
  }
}

public struct LogRecord: Codable, Sendable, Equatable {
  /// Rises within a job; ask for what comes after the last one seen.
  public var sequence: Int64
  public var task: TaskID
  public var time: Timestamp
  public var stream: LogLine.Stream
  public var text: String

  public init(sequence: Int64, task: TaskID, time: Timestamp, stream: LogLine.Stream, text: String) {
    self.sequence = sequence
    self.task = task
    self.time = time
    self.stream = stream
    self.text = text
  }
}

public struct LogPage: Codable, Sendable, Equatable {
  public var lines: [LogRecord]
  /// The job's state when the lines were read: after a final state and an empty page nothing follows.
  public var state: JobState

  public init(lines: [LogRecord], state: JobState) {
    self.lines = lines
    self.state = state
  }
}

public struct WorkerRecord: Codable, Sendable, Equatable {
  public var session: SessionID
  public var name: String
  public var host: String
  public var process: Int
  public var version: String
  public var kinds: [TaskKind]
  public var slots: Int
  public var alive: Bool
  /// It finishes what it has and gets nothing more.
  public var draining: Bool
  public var inventory: Inventory
  /// What it has in memory, by `CheckpointKey`, as it said last.
  public var loaded: [String]
  /// The use of its GPUs, as it said last; empty for one that says nothing of it.
  public var devices: [DeviceReport]
  public var startedAt: Timestamp
  public var lastSeenAt: Timestamp
  /// The tasks it runs that belong to the caller's lab.
  public var tasks: [TaskID]
  public var running: Int

  public init(
    session: SessionID, name: String, host: String, process: Int, version: String, kinds: [TaskKind],
    slots: Int, alive: Bool,
    draining: Bool, inventory: Inventory, loaded: [String], devices: [DeviceReport] = [],
    startedAt: Timestamp, lastSeenAt: Timestamp, tasks: [TaskID], running: Int
  ) {
    self.session = session
    self.name = name
    self.host = host
    self.process = process
    self.version = version
    self.kinds = kinds
    self.slots = slots
    self.alive = alive
    self.draining = draining
    self.inventory = inventory
    self.loaded = loaded
    self.devices = devices
    self.startedAt = startedAt
    self.lastSeenAt = lastSeenAt
    self.tasks = tasks
    self.running = running
  }

  enum CodingKeys: String, CodingKey {
    case session, name, host, process, version, kinds, slots, alive, draining, inventory, loaded, devices
    case startedAt = "started_at"
    case lastSeenAt = "last_seen_at"
    case tasks, running
  }
}

public struct WorkerList: Codable, Sendable, Equatable {
  public var workers: [WorkerRecord]
  /// Ask for what comes before this session to go on; nil at the end.
  public var next: SessionID?
  public init(workers: [WorkerRecord], next: SessionID? = nil) {
    self.workers = workers
    self.next = next
  }
}

/// The body of every answer that is not a success.
public struct APIError: Error, Codable, Sendable, Equatable, CustomStringConvertible {
  /// Stable name of the reason: "not-found", "invalid-job", "unauthorized", "database-unavailable".
  public var code: String
  /// For people: what was wrong and what to do.
  public var message: String
  public init(code: String, message: String) {
    self.code = code
    self.message = message
  }
  public var description: String { message }
}
