import JobModel
import PostgresClient

/// What running out of memory has taught: how often what is worked on at once has to be halved. It is the task's first,
/// then its job's, and in the end that of every later job of the kind with the same model on the same kind of device, for
/// a month.
extension Session {
  /// Takes note that an attempt ran out of memory. Attempts that began before the job had learnt what is too much teach
  /// nothing new: they failed at the size that is known to. (Primary keys of tasks, jobs and memory_lessons.)
  func noteMemoryFailure(of task: HeldTask) throws {
    try execute(
      """
      WITH task AS (
        UPDATE tasks t SET memory_failures = CASE WHEN t.claimed_at >= j.memory_learnt_at
          THEN greatest(t.memory_failures, j.memory_failures) + 1
          ELSE greatest(t.memory_failures + 1, j.memory_failures) END
        FROM jobs j WHERE t.id = $1 AND j.id = t.job_id RETURNING t.job_id, t.memory_failures
      ), job AS (
        UPDATE jobs j SET memory_failures = task.memory_failures, memory_learnt_at = now() FROM task
        WHERE j.id = task.job_id AND j.memory_failures < task.memory_failures
        RETURNING j.checkpoint, j.kind, j.memory_failures, j.need_id
      )
      INSERT INTO memory_lessons AS l (checkpoint, device, kind, failures, learnt_at)
      SELECT job.checkpoint,
        CASE WHEN n.gpus > 0 OR n.gpu_memory > 0 OR n.device = 'cuda' THEN 'cuda' ELSE 'cpu' END,
        job.kind, job.memory_failures, now()
      FROM job LEFT JOIN resource_needs n ON n.id = job.need_id WHERE job.checkpoint IS NOT NULL
      ON CONFLICT (checkpoint, device, kind) DO UPDATE SET learnt_at = excluded.learnt_at,
        failures = greatest(l.failures, excluded.failures)
      """, task.id)
  }
}
