import JobModel
import PostgresClient

/// What the history is told, in the transaction of what happened.
extension Session {
  func noteEvent(
    _ kind: String, lab: LabID? = nil, job: JobID? = nil, task: TaskID? = nil, user: UserID? = nil,
    message: String
  ) throws {
    try execute(
      """
      INSERT INTO events (lab_id, job_id, task_id, user_id, kind, message)
      VALUES ($1, $2, $3, $4, $5, $6)
      """, lab, job, task, user, kind, StoredJSON.clean(message))
  }

  /// A change that a person has made, with her reason where she gave one.
  func noteChange(
    _ kind: String, of lab: LabID? = nil, job: JobID? = nil, by caller: Caller, _ what: String,
    reason: String?
  ) throws {
    let why = Self.why(reason)
    try noteEvent(
      kind, lab: lab, job: job, user: caller.user,
      message: what.isEmpty ? String(why.dropFirst(2)) : what + why)
  }

  /// ": reason", shortened where it is a story; nothing where none was given.
  static func why(_ reason: String?) -> String {
    guard let reason, !reason.isEmpty else { return "" }
    return ": \(reason.prefix(500))"
  }
}
