public import JobModel
import PostgresClient

extension JobStore {
  /// Ends an attempt with a failure. What follows is decided by the retry policy: another attempt after a
  /// backoff, or the end of the job, which cancels its other tasks.
  public func fail(_ request: FailRequest) async throws -> FailReply {
    let policy = retryPolicy
    let (reply, admitted) = try await pool.transaction { session -> (FailReply, Admitted) in
      guard let task = try session.hold(request.lease) else {
        return (FailReply(outcome: .stale, retryAfter: nil), .none)
      }
      try session.charge(task.id)
      try session.storeFailure(request.failure, task: task.fenced)
      let range = try session.range(of: task)
      let decision = policy.decision(
        for: request.failure.failureClass, attempt: task.attempt, maxAttempts: task.job.maxAttempts,
        interruptions: task.interruptions, items: range?.items.count)
      if request.failure.failureClass == .outOfMemory { try session.noteMemoryFailure(of: task) }
      switch decision {
      case .retry(let delay):
        try session.putBack(task, delay: delay)
        try session.noteEvent(
          "task-failed", lab: task.job.lab, job: task.job.id, task: task.id,
          message: "attempt \(task.attempt) of \(task.job.maxAttempts): \(request.failure.message)")
        return (FailReply(outcome: .accepted, retryAfter: delay), .none)
      case .requeue:
        try session.putBackInterrupted(task)
        return (FailReply(outcome: .accepted, retryAfter: 0), try session.admit(task.job))
      case .split, .quarantine:
        let admitted = try session.isolate(task, range, decision, because: request.failure.message)
        return (FailReply(outcome: .accepted, retryAfter: decision == .split ? 0 : nil), admitted)
      case .giveUp:
        try session.failForGood(task, request.failure)
        return (FailReply(outcome: .accepted, retryAfter: nil), .none)
      }
    }
    if request.failure.failureClass == .outOfMemory { knownLessons.forget() }
    announce(admitted)
    return reply
  }

  /// Takes leases back unfinished, as a worker that drains asks for. Costs no attempt and does not count as an
  /// interruption, since the worker lives.
  /// - Returns: how many leases still held.
  public func release(_ request: ReleaseRequest) async throws -> Int {
    var released = 0
    for lease in request.leases {
      let admitted = try await pool.transaction { session -> Admitted? in
        guard let task = try session.hold(lease) else { return nil }
        try session.charge(task.id)
        try session.putBackReleased(task)
        try session.noteEvent(
          "task-released", lab: task.job.lab, job: task.job.id, task: task.id, message: request.reason)
        return try session.admit(task.job)
      }
      guard let admitted else { continue }
      released += 1
      announce(admitted)
    }
    return released
  }
}

extension Session {
  /// Another attempt, not before the delay is over.
  fileprivate func putBack(_ task: HeldTask, delay: Double) throws {
    try execute(
      """
      UPDATE tasks SET state = 'blocked', lease_epoch = lease_epoch + 1,
        not_before = now() + make_interval(secs => $2)
      WHERE id = $1
      """, task.id, delay)
  }

  /// The attempt did not count; the interruption does.
  func putBackInterrupted(_ task: HeldTask) throws {
    try execute(
      """
      UPDATE tasks SET state = 'blocked', lease_epoch = lease_epoch + 1, attempt = greatest(attempt - 1, 0),
        interruptions = interruptions + 1, not_before = NULL
      WHERE id = $1
      """, task.id)
  }

  fileprivate func putBackReleased(_ task: HeldTask) throws {
    try execute(
      """
      UPDATE tasks SET state = 'blocked', lease_epoch = lease_epoch + 1, attempt = greatest(attempt - 1, 0),
        not_before = NULL
      WHERE id = $1
      """, task.id)
  }

  /// The task fails, and its job with it.
  func failForGood(_ task: HeldTask, _ failure: TaskFailure) throws {
    try execute(
      """
      UPDATE tasks SET state = 'failed', lease_epoch = lease_epoch + 1, finished_at = now() WHERE id = $1
      """, task.id)
    let named = TaskFailure(
      failure.failureClass, "task \(task.id) (\(task.kind.rawValue)): \(failure.message)",
      detail: failure.detail)
    try end(task.job, as: .failed, failure: named)
    try noteEvent(
      "job-failed", lab: task.job.lab, job: task.job.id, task: task.id, message: named.message)
  }
}
