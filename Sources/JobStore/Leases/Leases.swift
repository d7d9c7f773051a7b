import JobModel
import PostgresClient

/// A running task whose lease was checked and that stays as it is until the transaction ends.
struct HeldTask {
  let id: TaskID
  let epoch: Epoch
  let job: LockedJob
  let kind: TaskKind
  let stage: Int
  let attempt: Int
  let interruptions: Int

  var fenced: FencedTask { FencedTask(id: id, epoch: epoch, job: job.id) }
}

/// A task whose lease was checked, for what is stored under its epoch.
struct FencedTask {
  let id: TaskID
  let epoch: Epoch
  let job: JobID
}

extension Session {
  /// Locks job and task, in this order, if the lease holds; nil when it is over. Every write under a lease
  /// begins with this. (Primary keys of jobs and tasks.)
  func hold(_ lease: Lease) throws -> HeldTask? {
    guard let job = try lockJob(ofTask: lease.task) else { return nil }
    let row = try execute(
      """
      SELECT kind, stage, attempt, interruptions FROM tasks
      WHERE id = $1 AND lease_epoch = $2 AND state = 'running' FOR NO KEY UPDATE
      """, lease.task, lease.epoch
    ).first
    guard let row else { return nil }
    return HeldTask(
      id: lease.task, epoch: lease.epoch, job: job, kind: try row.name("kind"),
      stage: try row.get("stage"), attempt: try row.get("attempt"),
      interruptions: try row.get("interruptions"))
  }

  /// Stores the last progress of a task. The caller has checked the lease.
  func storeProgress(_ progress: TaskProgress, task: FencedTask) throws {
    try execute(
      """
      UPDATE task_details SET progress_at = now(), progress_done = $3, progress_total = $4,
        progress_unit = $5, progress_message = $6, progress_metrics = $7::json
      WHERE job_id = $1 AND task_id = $2
      """, task.job, task.id, progress.storedDone, progress.storedTotal, progress.storedUnit,
      progress.storedMessage,
      try progress.storedMetrics)
  }

  func storeFailure(_ failure: TaskFailure, task: FencedTask) throws {
    try execute(
      """
      UPDATE task_details SET failure_class = $3, failure_message = $4, failure_detail = $5
      WHERE job_id = $1 AND task_id = $2
      """, task.job, task.id, failure.failureClass.rawValue, StoredJSON.clean(failure.message),
      failure.detail.map(StoredJSON.clean))
  }
}

/// Progress as columns hold it. Numbers that are not finite are left out: a loss that overflowed must not cost a lease.
extension TaskProgress {
  var storedDone: Double { done.isFinite ? done : 0 }
  var storedTotal: Double? { total.flatMap { $0.isFinite ? $0 : nil } }
  var storedUnit: String { StoredJSON.clean(unit) }
  var storedMessage: String { StoredJSON.clean(message) }
  var storedMetrics: String { get throws { try StoredJSON.text(metrics.filter(\.value.isFinite)) } }
}
