public import JobModel
import PostgresClient

extension JobStore {
  /// Ends a task successfully, with everything that follows from it in the same transaction: its result, files,
  /// groups and spawned tasks, the admission of the next stage, and the state of the job. The same completion again,
  /// from a worker whose connection broke after the commit, is accepted and changes nothing.
  /// - Throws: `StoreError.invalid` when the request contradicts the task; nothing is written then.
  public func complete(_ request: CompleteRequest) async throws -> WriteReply {
    let result = try StoredJSON.text(request.result)
    let (outcome, admitted) = try await pool.transaction { session -> (WriteOutcome, Int) in
      guard let task = try session.hold(request.lease) else {
        return (try session.hasSucceeded(request.lease) ? .accepted : .stale, 0)
      }
      try Self.check(request, against: task)
      try session.charge(task.id, succeeded: true)
      try session.succeed(task, result: result)
      if let progress = request.progress { try session.storeProgress(progress, task: task.id) }
      try session.insertArtifacts(request.artifacts, task: task)
      for group in request.groups { try session.insertGroup(group, task: task) }
      if let group = request.groups.first { try session.markStaleOnArrival(group, task: task) }
      try session.insertTasks(request.spawn, job: task.job.id)
      if task.kind.endsJob { try session.withdrawTasks(of: task.job.id) }
      let admitted = try session.admit(task.job)
      return (.accepted, admitted + (try session.settle(task.job)))
    }
    hintReady(ifAny: admitted)
    return WriteReply(outcome: outcome)
  }

  private static func check(_ request: CompleteRequest, against task: HeldTask) throws {
    for spawned in request.spawn where spawned.stage < task.stage {
      throw StoreError.invalid(
        "task \(task.id) of stage \(task.stage) cannot spawn a task of stage \(spawned.stage)")
    }
    for artifact in request.artifacts where artifact.epoch != task.epoch {
      throw StoreError.invalid(
        "\(artifact.path) was written under epoch \(artifact.epoch), the lease has \(task.epoch)")
    }
    for group in request.groups {
      guard group.run == task.job.id else {
        throw StoreError.invalid("a group of run \(group.run) cannot come from a task of job \(task.job.id)")
      }
      for completion in group.completions where completion.tokens.count != completion.logProbabilities.count {
        throw StoreError.invalid(
          "an answer of ordinal \(group.ordinal) has \(completion.tokens.count) tokens and "
            + "\(completion.logProbabilities.count) log-probabilities")
      }
    }
  }
}

extension Session {
  /// Whether the task has succeeded under this very lease. (Primary key of tasks.)
  fileprivate func hasSucceeded(_ lease: Lease) throws -> Bool {
    try execute(
      "SELECT 1 FROM tasks WHERE id = $1 AND lease_epoch = $2 AND state = 'succeeded'", lease.task,
      lease.epoch
    ).count == 1
  }

  /// (Primary keys of tasks and task_details.)
  fileprivate func succeed(_ task: HeldTask, result: String) throws {
    try execute("UPDATE tasks SET state = 'succeeded', finished_at = now() WHERE id = $1", task.id)
    try execute(
      """
      UPDATE task_details SET result = $2::json, failure_class = NULL, failure_message = NULL,
        failure_detail = NULL WHERE task_id = $1
      """, task.id, result)
  }

  /// One by one, so that a refusal names the file. (Unique index of artifacts on task and path.)
  fileprivate func insertArtifacts(_ artifacts: [Artifact], task: HeldTask) throws {
    var paths: Set<String> = []
    for artifact in artifacts {
      guard paths.insert(artifact.path).inserted else {
        throw StoreError.invalid("\(artifact.path) is listed twice")
      }
      let hash = artifact.sha256.utf8
      guard hash.count == 64, hash.allSatisfy(Self.isLowerHexadecimal), artifact.bytes >= 0 else {
        throw StoreError.invalid(
          "\(artifact.path) has the hash '\(artifact.sha256.prefix(80))' and \(artifact.bytes) bytes; a hash is "
            + "64 lower-case hexadecimal digits and a size is not negative")
      }
      try execute(
        """
        INSERT INTO artifacts (job_id, task_id, lease_epoch, bytes, kind, sha256, path)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (task_id, path) DO UPDATE SET lease_epoch = excluded.lease_epoch,
          bytes = excluded.bytes, kind = excluded.kind, sha256 = excluded.sha256, created_at = now()
        """, task.job.id, task.id, task.epoch, artifact.bytes, artifact.kind, artifact.sha256, artifact.path)
    }
  }

  private static func isLowerHexadecimal(_ byte: UInt8) -> Bool {
    (48...57).contains(byte) || (97...102).contains(byte)
  }
}
