/// What labs used in a month, and the jobs of theirs that ended in it.
public struct UsageReport: Codable, Sendable, Equatable {
  /// "2026-11", in UTC.
  public var month: String
  /// By lab, user and kind of job.
  public var rows: [Row]

  public struct Row: Codable, Sendable, Equatable {
    public var lab: String
    public var user: String
    /// nil for what was used before the ledger knew kinds.
    public var kind: JobKind?
    /// Jobs that ended in the month, and how.
    public var jobs: Int
    public var succeeded: Int
    public var failed: Int
    public var cancelled: Int
    /// Attempts at tasks that ended in the month, whatever became of them.
    public var attempts: Int
    /// Seconds of all attempts, times the slots they held: a task without a GPU holds one.
    public var cpuSeconds: Double
    /// Seconds of all attempts, times the GPUs they held; of a shared one, the part of its memory.
    public var gpuSeconds: Double

    public init(
      lab: String, user: String, kind: JobKind?, jobs: Int, succeeded: Int, failed: Int, cancelled: Int,
      attempts: Int, cpuSeconds: Double, gpuSeconds: Double
    ) {
      self.lab = lab
      self.user = user
      self.kind = kind
      self.jobs = jobs
      self.succeeded = succeeded
      self.failed = failed
      self.cancelled = cancelled
      self.attempts = attempts
      self.cpuSeconds = cpuSeconds
      self.gpuSeconds = gpuSeconds
    }

    enum CodingKeys: String, CodingKey {
      case lab, user, kind, jobs, succeeded, failed, cancelled, attempts
      case cpuSeconds = "cpu_seconds"
      case gpuSeconds = "gpu_seconds"
    }
  }

  public init(month: String, rows: [Row]) {
    self.month = month
    self.rows = rows
  }
}
