import JobModel
import PostgresClient
import Synchronization

/// What claims say of the jobs of their tasks, by job and row version, and what never changes of a job: whoever takes or
/// ends one task of a job takes or ends many.
final class KnownJobs: Sendable {
  struct Job: Sendable {
    let lab: LabID
    let maxAttempts: Int
    let spec: JobSpec
    let confinement: PathConfinement?
    /// Its first task has not been noted yet.
    let isQueued: Bool
    /// Only so many of its tasks may be out at once.
    let isCapped: Bool
  }

  struct Key: Hashable, Sendable {
    let job: JobID
    /// Changes with every change of the row.
    let version: String
  }

  private struct State {
    var jobs: [Key: Job] = [:]
    var areCapped: [JobID: Bool] = [:]
  }

  private static let most = 1_024
  private let state = Mutex(State())

  subscript(key: Key) -> Job? { state.withLock { $0.jobs[key] } }

  /// Whether only so many of a job's tasks may be out at once; nil when nothing is known of it.
  func isCapped(_ job: JobID) -> Bool? { state.withLock { $0.areCapped[job] } }

  func add(_ new: [Key: Job]) {
    state.withLock { state in
      if state.jobs.count + new.count > Self.most { state.jobs = [:] }
      if state.areCapped.count + new.count > Self.most { state.areCapped = [:] }
      state.jobs.merge(new) { _, latest in latest }
      for (key, job) in new { state.areCapped[key.job] = job.isCapped }
    }
  }
}

extension Session {
  /// (Primary key of jobs.)
  func claimedJobs(_ ids: [JobID]) throws -> [KnownJobs.Key: KnownJobs.Job] {
    let rows = try execute(
      """
      SELECT id, xmin::text AS version, lab_id, max_attempts, state = 'queued' AS is_queued,
        at_once IS NOT NULL AS is_capped, spec, confinement
      FROM jobs WHERE id = ANY($1::bigint[])
      """, ids)
    var jobs: [KnownJobs.Key: KnownJobs.Job] = [:]
    for index in 0..<rows.count {
      let row = rows[index]
      jobs[KnownJobs.Key(job: try row.get("id"), version: try row.get("version"))] = KnownJobs.Job(
        lab: try row.get("lab_id"), maxAttempts: try row.get("max_attempts"), spec: try row.json("spec"),
        confinement: try row.jsonIfPresent("confinement"), isQueued: try row.get("is_queued"),
        isCapped: try row.get("is_capped"))
    }
    return jobs
  }

  /// Marks jobs whose first task was claimed. One that someone else has locked is left alone: its holder derives the
  /// state itself, or it is marked with its next claim or completion. (Primary key of jobs.)
  func begin(_ jobs: [JobID]) throws {
    try execute(
      """
      WITH begun AS (
        UPDATE jobs SET state = 'running', started_at = coalesce(started_at, now())
        WHERE id = ANY(ARRAY(SELECT id FROM jobs WHERE id = ANY($1::bigint[]) AND state = 'queued'
          ORDER BY id FOR NO KEY UPDATE SKIP LOCKED))
        RETURNING id, lab_id
      )
      INSERT INTO events (lab_id, job_id, kind, message)
      SELECT lab_id, id, 'job-started', 'a worker took its first task' FROM begun
      """, jobs)
  }
}
