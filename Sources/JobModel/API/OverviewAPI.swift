/// The queue at a glance.
public struct Overview: Codable, Sendable, Equatable {
  /// When it was looked at, by the database's clock.
  public var at: Timestamp
  /// The caller's lab, or every lab for administrators.
  public var labs: [Lab]
  public var workers: Workers
  /// GPUs of the whole pool whose workers tell their use, at most those of 200 workers.
  public var devices: [Device]
  /// Running tasks of these labs, the longest running first, at most 200.
  public var tasks: [RunningTask]

  public struct Lab: Codable, Sendable, Equatable {
    public var lab: String
    public var queuedJobs: Int
    public var runningJobs: Int
    public var readyTasks: Int
    public var runningTasks: Int

    public init(lab: String, queuedJobs: Int, runningJobs: Int, readyTasks: Int, runningTasks: Int) {
      self.lab = lab
      self.queuedJobs = queuedJobs
      self.runningJobs = runningJobs
      self.readyTasks = readyTasks
      self.runningTasks = runningTasks
    }

    enum CodingKeys: String, CodingKey {
      case lab
      case queuedJobs = "queued_jobs"
      case runningJobs = "running_jobs"
      case readyTasks = "ready_tasks"
      case runningTasks = "running_tasks"
    }
  }

  /// Of the whole pool.
  public struct Workers: Codable, Sendable, Equatable {
    public var alive: Int
    public var slots: Int
    public var busy: Int

    public init(alive: Int, slots: Int, busy: Int) {
      self.alive = alive
      self.slots = slots
      self.busy = busy
    }
  }

  public struct Device: Codable, Sendable, Equatable {
    public var session: SessionID
    public var worker: String
    /// The GPU's.
    public var name: String
    public var use: DeviceReport

    public init(session: SessionID, worker: String, name: String, use: DeviceReport) {
      self.session = session
      self.worker = worker
      self.name = name
      self.use = use
    }
  }

  public struct RunningTask: Codable, Sendable, Equatable {
    public var task: TaskID
    public var job: JobID
    public var lab: String
    /// The job's.
    public var name: String
    public var kind: TaskKind
    public var worker: String
    public var startedAt: Timestamp
    public var progress: TaskProgress?

    public init(
      task: TaskID, job: JobID, lab: String, name: String, kind: TaskKind, worker: String,
      startedAt: Timestamp, progress: TaskProgress?
    ) {
      self.task = task
      self.job = job
      self.lab = lab
      self.name = name
      self.kind = kind
      self.worker = worker
      self.startedAt = startedAt
      self.progress = progress
    }

    enum CodingKeys: String, CodingKey {
      case task, job, lab, name, kind, worker, progress
      case startedAt = "started_at"
    }
  }

  public init(at: Timestamp, labs: [Lab], workers: Workers, devices: [Device] = [], tasks: [RunningTask]) {
    self.at = at
    self.labs = labs
    self.workers = workers
    self.devices = devices
    self.tasks = tasks
  }
}
