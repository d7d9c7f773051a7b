import JobModel
import PostgresClient

extension Session {
  /// Locks the jobs another one shall wait for, so that none of them ends before that is written down.
  /// - Throws: when one is not the lab's, or has failed or was cancelled.
  func lockDependencies(_ ids: [JobID], lab: LabID) throws -> [LockedJob] {
    guard !ids.isEmpty else { return [] }
    let jobs = try lockJobs(ids, of: lab)
    return try ids.sorted().map { id in
      guard let job = jobs[id] else {
        throw StoreError.invalid("after: there is no job \(id) in this lab")
      }
      guard !job.state.isFinal || job.state == .succeeded else {
        throw StoreError.conflict(
          "after: job \(id) has \(job.state == .failed ? "failed" : "been cancelled"), so nothing can follow it; "
            + "'ar1 retry \(id)' gives it another try")
      }
      return job
    }
  }

  /// (Primary key of job_dependencies.)
  func insertDependencies(_ dependencies: [LockedJob], job: JobID) throws {
    guard !dependencies.isEmpty else { return }
    try execute(
      "INSERT INTO job_dependencies (job_id, on_job_id) SELECT $1, unnest($2::bigint[])", job,
      dependencies.map(\.id))
  }

  /// Counts anew how many jobs these wait for. (Primary key of job_dependencies.)
  func countDependencies(of jobs: [JobID]) throws {
    try execute(
      """
      UPDATE jobs SET waits_for = (SELECT count(*) FROM job_dependencies d JOIN jobs o ON o.id = d.on_job_id
        WHERE d.job_id = jobs.id AND o.state <> 'succeeded')
      WHERE id = ANY($1::bigint[])
      """, jobs)
  }

  /// Lets jobs begin that waited for this one and for no other. (Index job_dependents.)
  func admitDependents(of job: JobID) throws -> Admitted {
    let ids: [JobID] = try execute(
      "SELECT job_id FROM job_dependencies WHERE on_job_id = $1", job
    ).map { try $0.get("job_id") }
    guard !ids.isEmpty else { return .none }
    let dependents = try lockJobs(ids).values.filter { !$0.state.isFinal }.sorted { $0.id < $1.id }
    try countDependencies(of: dependents.map(\.id))
    return try dependents.reduce(.none) { $0 + (try admit($1)) }
  }

  /// Cancels everything that waits for a job which will not succeed, however far behind. (Index job_dependents.)
  func cancelDependents(of job: LockedJob, as state: JobState) throws {
    let ids: [JobID] = try execute(
      """
      WITH RECURSIVE behind AS (
        SELECT job_id FROM job_dependencies WHERE on_job_id = $1
        UNION
        SELECT d.job_id FROM job_dependencies d JOIN behind ON d.on_job_id = behind.job_id
      )
      SELECT job_id FROM behind
      """, job.id
    ).map { try $0.get("job_id") }
    guard !ids.isEmpty else { return }
    let how = state == .failed ? "failed" : "was cancelled"
    for dependent in try lockJobs(ids).values.sorted(by: { $0.id < $1.id }) where !dependent.state.isFinal {
      let message = "job \(job.id), which it waits for, \(how)"
      try endAlone(dependent, as: .cancelled, failure: TaskFailure(.interrupted, message))
      try noteEvent("job-cancelled", lab: dependent.lab, job: dependent.id, message: message)
    }
  }
}
