import JobModel
import PostgresClient
import Synchronization

/// What claims say of the jobs of their tasks, by job and row version: whoever takes one task of a job takes many.
final class KnownJobs: Sendable {
  struct Job: Sendable {
    let lab: LabID
    let maxAttempts: Int
    let spec: JobSpec
    let confinement: PathConfinement?
    /// Its first task has not been noted yet.
    let isQueued: Bool
  }

  struct Key: Hashable, Sendable {
    let job: JobID
    /// Changes with every change of the row.
    let version: String
  }

  private static let most = 1_024
  private let jobs = Mutex<[Key: Job]>([:])

  subscript(key: Key) -> Job? { jobs.withLock { $0[key] } }

  func add(_ new: [Key: Job]) {
    jobs.withLock { jobs in
      if jobs.count + new.count > Self.most { jobs = [:] }
      jobs.merge(new) { _, latest in latest }
    }
  }
}

extension Session {
  /// (Primary key of jobs.)
  func claimedJobs(_ ids: [JobID]) throws -> [KnownJobs.Key: KnownJobs.Job] {
    let rows = try execute(
      """
      SELECT id, xmin::text AS version, lab_id, max_attempts, state = 'queued' AS is_queued, spec, confinement
      FROM jobs WHERE id = ANY($1::bigint[])
      """, ids)
    var jobs: [KnownJobs.Key: KnownJobs.Job] = [:]
    for index in 0..<rows.count {
      let row = rows[index]
      jobs[KnownJobs.Key(job: try row.get("id"), version: try row.get("version"))] = KnownJobs.Job(
        lab: try row.get("lab_id"), maxAttempts: try row.get("max_attempts"), spec: try row.json("spec"),
        confinement: try row.jsonIfPresent("confinement"), isQueued: try row.get("is_queued"))
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
