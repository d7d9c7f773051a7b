/// Something that changed a state: what, whose, when, by whom and why.
public struct EventRecord: Codable, Sendable, Equatable {
  public var id: Int64
  public var at: Timestamp
  /// "job-submitted", "task-failed", "token-revoked" and so on; `ar1 events` filters by it.
  public var kind: String
  public var lab: String?
  public var job: JobID?
  public var task: TaskID?
  /// Who did it; nil when it followed from what a worker or the coordinator did.
  public var user: String?
  /// Why, or what exactly.
  public var message: String

  public init(
    id: Int64, at: Timestamp, kind: String, lab: String?, job: JobID?, task: TaskID?, user: String?,
    message: String
  ) {
    self.id = id
    self.at = at
    self.kind = kind
    self.lab = lab
    self.job = job
    self.task = task
    self.user = user
    self.message = message
  }
}

public struct EventList: Codable, Sendable, Equatable {
  /// The newest first.
  public var events: [EventRecord]
  /// Ask for what comes before this number to go on; nil at the end.
  public var next: Int64?
  public init(events: [EventRecord], next: Int64?) {
    self.events = events
    self.next = next
  }
}
