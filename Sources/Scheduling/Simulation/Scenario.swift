public import JobModel

/// A pool, labs and the jobs they submit, to see what fair share makes of them.
///
///     seconds: 86400
///     workers:
///       - {count: 8, slots: 8, gpus: 8, gpu_memory: 80GB}
///     labs:
///       - name: vision
///         weight: 2
///         nominal: 16
///         streams:
///           - {jobs_per_hour: 6, tasks: 20, seconds: 600, gpu: 1}
public struct Scenario: Sendable, Equatable {
  /// What is simulated, in seconds.
  public var seconds: Double
  public var seed: UInt64
  /// Seconds between two passes of admission.
  public var tick: Double
  public var workers: [WorkerGroup]
  public var labs: [Lab]

  /// So many workers alike.
  public struct WorkerGroup: Sendable, Equatable {
    public var count: Int
    public var slots: Int
    public var gpus: Int
    public var gpuMemory: Int64

    public init(count: Int, slots: Int, gpus: Int = 0, gpuMemory: Int64 = 80_000_000_000) {
      self.count = count
      self.slots = slots
      self.gpus = gpus
      self.gpuMemory = gpuMemory
    }
  }

  public struct Lab: Sendable, Equatable {
    public var name: String
    public var weight: Double
    public var quota: Quota
    public var streams: [Stream]

    public init(name: String, weight: Double = 1, quota: Quota = Quota(), streams: [Stream]) {
      self.name = name
      self.weight = weight
      self.quota = quota
      self.streams = streams
    }
  }

  /// Jobs of one sort that arrive at random.
  public struct Stream: Sendable, Equatable {
    public var user: String
    public var jobsPerHour: Double
    /// Tasks per job.
    public var tasks: Int
    /// The mean length of a task.
    public var seconds: Double
    /// How far lengths lie around the mean: 0.5 is from half to one and a half times.
    public var spread: Double
    /// Tasks that have to run together; 1 is none.
    public var gang: Int
    public var need: ResourceRequest
    public var priority: Int
    /// Saves its work, so that giving way loses nothing; others start over.
    public var saves: Bool
    /// Jobs arrive from here…
    public var from: Double
    /// … until here, in seconds.
    public var until: Double

    public init(
      user: String = "someone", jobsPerHour: Double, tasks: Int, seconds: Double, spread: Double = 0,
      gang: Int = 1, need: ResourceRequest = .slot, priority: Int = 0, saves: Bool = false,
      from: Double = 0, until: Double = .infinity
    ) {
      self.user = user
      self.jobsPerHour = jobsPerHour
      self.tasks = tasks
      self.seconds = seconds
      self.spread = spread
      self.gang = gang
      self.need = need
      self.priority = priority
      self.saves = saves
      self.from = from
      self.until = until
    }
  }

  public init(
    seconds: Double = 86_400, seed: UInt64 = 1, tick: Double = 5, workers: [WorkerGroup], labs: [Lab]
  ) {
    self.seconds = seconds
    self.seed = seed
    self.tick = tick
    self.workers = workers
    self.labs = labs
  }

  /// A day of three labs on 64 GPUs, some 2,700 jobs: one with more nominal quota than it uses in the morning, one
  /// that floods the queue with scoring, one with trainings that need four GPUs at once.
  public static let example = Scenario(
    workers: [WorkerGroup(count: 8, slots: 8, gpus: 8)],
    labs: [
      Lab(
        name: "vision", weight: 2, quota: Quota(nominal: 24),
        streams: [
          Stream(user: "ada", jobsPerHour: 20, tasks: 8, seconds: 500, spread: 0.5, need: .init(gpus: 1)),
          Stream(
            user: "ben", jobsPerHour: 30, tasks: 12, seconds: 400, spread: 0.5, need: .init(gpus: 1),
            from: 9 * 3_600, until: 18 * 3_600),
        ]),
      Lab(
        name: "factory", weight: 1, quota: Quota(nominal: 8),
        streams: [
          Stream(
            user: "night", jobsPerHour: 60, tasks: 10, seconds: 300, spread: 0.8, need: .init(gpus: 1))
        ]),
      Lab(
        name: "training", weight: 1, quota: Quota(nominal: 16, borrow: 16),
        streams: [
          Stream(
            user: "eve", jobsPerHour: 4, tasks: 1, seconds: 5_400, spread: 0.3, gang: 4,
            need: .init(gpus: 1), saves: true),
          Stream(
            user: "fay", jobsPerHour: 10, tasks: 4, seconds: 600, spread: 0.5, need: .init(gpus: 1),
            priority: 50),
        ]),
    ])
}
