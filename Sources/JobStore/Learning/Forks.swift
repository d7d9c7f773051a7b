import JobModel
import PostgresClient

extension Session {
  /// Steps of a run that unfinished trainings of its lab go on from, the one that waits for its learner too: the states
  /// after them have to stay. (Index jobs_unfinished.)
  func forkedSteps(of run: LockedJob) throws -> [Int] {
    try execute(
      """
      SELECT DISTINCT (spec -> 'fork' ->> 'step')::integer AS step FROM jobs
      WHERE lab_id = $1 AND kind = 'train' AND finished_at IS NULL AND spec -> 'fork' ->> 'run' = $2::text
      ORDER BY step
      """, run.lab, String(run.id)
    ).map { try $0.get("step") }
  }
}
