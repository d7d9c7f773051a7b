import JobModel
import PostgresClient

extension Session {
  /// The range of items a task works on, where its job can do without one of them: its report names what
  /// was taken out. (Primary keys of task_details and jobs.)
  func range(of task: HeldTask) throws -> ItemRange? {
    guard task.kind == .shard else { return nil }
    return try execute(
      """
      SELECT d.payload FROM task_details d JOIN jobs j ON j.id = $2
      WHERE d.job_id = j.id AND d.task_id = $1 AND j.kind IN ('score', 'eval', 'rollout')
      """, task.id, task.job.id
    ).first.flatMap { ItemRange(try $0.get("payload")) }
  }

  /// Splits the task or takes its only item out, as was decided, and lets the job go on.
  /// - Returns: what became ready or waits for the leader.
  func isolate(
    _ task: HeldTask, _ range: ItemRange?, _ decision: RetryPolicy.Decision, because message: String
  ) throws -> Admitted {
    guard let range else { return .none }
    if decision == .split {
      try split(task, range, because: message)
    } else {
      try quarantine(task, range, because: message)
    }
    return try turn([task.job])
  }

  /// Makes two tasks of one, each with half of its items and all attempts: by and by the item that breaks them stands
  /// alone, and everything else completes.
  func split(_ task: HeldTask, _ range: ItemRange, because message: String) throws {
    guard let halves = range.halves else { return }
    let unit = try execute(
      """
      UPDATE task_details SET payload = $3::json, progress_done = CASE WHEN progress_unit IS NULL THEN NULL ELSE 0 END,
        progress_total = CASE WHEN progress_total IS NULL THEN NULL ELSE $4::float8 END, progress_at = NULL
      WHERE job_id = $1 AND task_id = $2 RETURNING progress_unit
      """, task.job.id, task.id, try StoredJSON.text(halves.first), range.items.count / 2
    ).only().getIfPresent("progress_unit", as: String.self)
    try execute(
      """
      UPDATE tasks SET state = 'blocked', lease_epoch = lease_epoch + 1, attempt = 0, interruptions = 0,
        not_before = NULL WHERE id = $1
      """, task.id)
    let rest = range.items.count - range.items.count / 2
    try insertTasks(
      [
        NewTask(
          kind: task.kind, stage: task.stage, payload: halves.second,
          progress: unit.map { TaskProgress(done: 0, total: Double(rest), unit: $0) })
      ], job: task.job.id)
    try noteEvent(
      "task-split", lab: task.job.lab, job: task.job.id, task: task.id,
      message:
        "items \(range.items.lowerBound) to \(range.items.upperBound - 1) in two halves, after: \(message)")
  }

  /// Takes a single item out: its task counts as done, and its result says which item it was and why.
  func quarantine(_ task: HeldTask, _ range: ItemRange, because message: String) throws {
    let item = QuarantinedItem(item: range.items.lowerBound, reason: message)
    try execute(
      "UPDATE tasks SET state = 'succeeded', lease_epoch = lease_epoch + 1, finished_at = now() WHERE id = $1",
      task.id)
    try execute(
      """
      UPDATE task_details SET result = $3::json, progress_done = progress_total
      WHERE job_id = $1 AND task_id = $2
      """, task.job.id, task.id, try StoredJSON.text(QuarantinedItem.result([item])))
    try noteEvent(
      "item-quarantined", lab: task.job.lab, job: task.job.id, task: task.id,
      message: "item \(item.item): \(message)")
  }
}
