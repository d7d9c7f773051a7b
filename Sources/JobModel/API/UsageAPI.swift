/// What labs used in a month: the jobs that ended in it.
public struct UsageReport: Codable, Sendable, Equatable {
  /// "2026-11", in UTC.
  public var month: String
  /// By lab, user and kind of job.
  public var rows: [Row]

  public struct Row: Codable, Sendable, Equatable {
    public var lab: String
    public var user: String
    public var kind: JobKind
    public var jobs: Int
    public var succeeded: Int
    public var failed: Int
    public var cancelled: Int
    /// Tasks that ran.
    public var tasks: Int
    /// From claim to end of each task's last attempt; interrupted and failed attempts before it are not charged.
    public var taskSeconds: Double

    public init(
      lab: String, user: String, kind: JobKind, jobs: Int, succeeded: Int, failed: Int, cancelled: Int,
      tasks: Int, taskSeconds: Double
    ) {
      self.lab = lab
      self.user = user
      self.kind = kind
      self.jobs = jobs
      self.succeeded = succeeded
      self.failed = failed
      self.cancelled = cancelled
      self.tasks = tasks
      self.taskSeconds = taskSeconds
    }

    enum CodingKeys: String, CodingKey {
      case lab, user, kind, jobs, succeeded, failed, cancelled, tasks
      case taskSeconds = "task_seconds"
    }
  }

  public init(month: String, rows: [Row]) {
    self.month = month
    self.rows = rows
  }
}
