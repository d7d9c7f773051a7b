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
