public import JobModel
import PostgresClient

extension JobStore {
  /// A lab's jobs, newest first. (Indices jobs_of_lab, jobs_by_label.)
  /// - Parameter before: only jobs older than this one, for the next page.
  public func jobs(
    lab: LabID, state: JobState? = nil, label: (name: String, value: String)? = nil, limit: Int = 100,
    before: JobID? = nil
  ) async throws -> JobList {
    let labels = try label.map { try StoredJSON.text([$0.name: $0.value]) }
    let page = Page(limit)
    let jobs = try await pool.run { [knownSums] session -> [JobRecord] in
      let ids: [JobID] = try session.execute(
        """
        SELECT id FROM jobs
        WHERE lab_id = $1 AND ($2::text IS NULL OR state = $2) AND ($3::bigint IS NULL OR id < $3)
          AND ($5::jsonb IS NULL OR (labels @> $5::jsonb AND labels <> '{}'))
        ORDER BY id DESC LIMIT $4
        """, lab, state?.rawValue, before, page.lookedFor, labels
      ).map { try $0.get("id") }
      return try session.jobs(ids, lab: lab, knownSums)
    }
    let (elements, next) = page.cut(jobs, by: \.id)
    return JobList(jobs: elements, next: next)
  }

  public func job(_ id: JobID, lab: LabID) async throws -> JobRecord {
    try await pool.run { [knownSums] session in
      guard let job = try session.jobs([id], lab: lab, knownSums).first else { throw StoreError.noJob(id) }
      return job
    }
  }

  /// A job with its tasks, files and learner steps.
  public func detail(_ id: JobID, lab: LabID) async throws -> JobDetail {
    try await pool.transaction { [knownSums] session in try session.detail(id, lab: lab, knownSums) }
  }

  /// As above, for whoever holds the lease of one of the job's tasks; nil when it is over. (Primary key of tasks.)
  public func detail(_ id: JobID, lab: LabID, under lease: Lease) async throws -> JobDetail? {
    try await pool.transaction { [knownSums] session in
      let isHeld = try !session.execute(
        "SELECT 1 FROM tasks WHERE id = $1 AND lease_epoch = $2 AND job_id = $3 AND state = 'running'",
        lease.task, lease.epoch, id
      ).isEmpty
      return isHeld ? try session.detail(id, lab: lab, knownSums) : nil
    }
  }

  /// A page of a job's tasks, stage by stage. (Primary key of tasks.)
  /// - Parameter last: the task that ended the page before; nil begins.
  public func tasks(
    of id: JobID, after last: TaskID? = nil, limit: Int = 1_000, lab: LabID
  ) async throws -> TaskList {
    let page = Page(limit)
    return try await pool.transaction { session in
      try session.check(job: id, lab: lab)
      if let last,
        try session.execute("SELECT 1 FROM tasks WHERE id = $1 AND job_id = $2", last, id).isEmpty
      {
        throw StoreError.notFound("job \(id) has no task \(last)")
      }
      let found = try session.tasks(of: id, after: last, limit: page.lookedFor)
      let (tasks, next) = page.cut(found) { $0.id }
      return TaskList(tasks: tasks, next: next)
    }
  }

  /// The recorded steps of a training after `step`, the oldest first.
  public func steps(of id: JobID, after step: Int, lab: LabID) async throws -> [StepRecord] {
    try await pool.transaction { session in
      try session.check(job: id, lab: lab)
      return try session.steps(of: id, after: step)
    }
  }
}

extension Session {
  /// - Throws: `StoreError.notFound` for what is no job of the lab. (Primary key of jobs.)
  func check(job id: JobID, lab: LabID) throws {
    guard try !execute("SELECT 1 FROM jobs WHERE id = $1 AND lab_id = $2", id, lab).isEmpty else {
      throw StoreError.noJob(id)
    }
  }

  fileprivate func detail(_ id: JobID, lab: LabID, _ known: KnownSums) throws -> JobDetail {
    guard let job = try jobs([id], lab: lab, known).first else { throw StoreError.noJob(id) }
    return JobDetail(
      job: job, tasks: try tasks(of: id, after: nil, limit: nil), artifacts: try artifacts(of: id),
      steps: job.spec.kind == .train ? try steps(of: id, after: 0) : [])
  }

  /// Jobs of the lab with their task counts and the progress of the tasks that carry their work: the learner of a training
  /// job, the shards or groups of the others. Of other labs' jobs nothing is looked at, so that the time an answer takes
  /// tells nothing of them. (Primary key of jobs.)
  func jobs(_ ids: [JobID], lab: LabID, _ known: KnownSums) throws -> [JobRecord] {
    guard !ids.isEmpty else { return [] }
    // States come before sums: those of a job that has ended are the last.
    let rows = try execute(
      """
      SELECT j.id, l.name AS lab, u.name AS "user", j.spec, j.state, j.failure_class, j.failure_message,
        j.failure_detail, extract(epoch FROM j.created_at)::float8 AS created_at,
        extract(epoch FROM j.started_at)::float8 AS started_at,
        extract(epoch FROM j.finished_at)::float8 AS finished_at,
        CASE WHEN j.finished_at IS NULL THEN extract(epoch FROM coalesce(j.paused_at, l.paused_at))::float8 END
          AS paused_at, j.xmin::text AS version
      FROM jobs j JOIN labs l ON l.id = j.lab_id JOIN users u ON u.id = j.user_id
      WHERE j.id = ANY($1::bigint[]) AND j.lab_id = $2 ORDER BY j.id DESC
      """, ids, lab)
    let versions = try rows.map { row in
      KnownSums.Version(
        job: try row.get("id"), row: try row.get("version"),
        isFinal: try row.name("state", as: JobState.self).isFinal)
    }
    let sums = try sums(of: versions, known)
    return try rows.map { row in
      let id: JobID = try row.get("id")
      return JobRecord(
        id: id, lab: try row.get("lab"), user: try row.get("user"), spec: try row.json("spec"),
        state: try row.name("state"), createdAt: try row.get("created_at"),
        startedAt: try row.getIfPresent("started_at"), finishedAt: try row.getIfPresent("finished_at"),
        pausedAt: try row.getIfPresent("paused_at"), failure: try row.failure(),
        tasks: sums[id]?.counts ?? TaskCounts(), progress: sums[id]?.progress)
    }
  }

  fileprivate func tasks(of job: JobID, after last: TaskID?, limit: Int?) throws -> [TaskRecord] {
    try execute(
      """
      SELECT t.id, t.kind, t.stage, t.ordinal, t.state, t.attempt, j.max_attempts, t.interruptions,
        t.lease_epoch, (SELECT name FROM worker_sessions WHERE id = t.session_id) AS worker, extract(epoch FROM t.claimed_at)::float8 AS started_at,
        extract(epoch FROM t.finished_at)::float8 AS finished_at, d.failure_class, d.failure_message,
        d.failure_detail, d.progress_done, d.progress_total, d.progress_unit, d.progress_message,
        d.progress_metrics,
        CASE WHEN t.state = 'succeeded' THEN coalesce(d.result, '{}') ELSE d.result END AS result
      FROM task_details d JOIN tasks t ON t.id = d.task_id JOIN jobs j ON j.id = d.job_id
      WHERE d.job_id = $1
        AND ($2::bigint IS NULL OR (t.stage, t.id) > (SELECT stage, id FROM tasks WHERE id = $2))
      ORDER BY t.stage, t.id LIMIT $3
      """, job, last, limit
    ).map { row in
      TaskRecord(
        id: try row.get("id"), kind: try row.name("kind"), stage: try row.get("stage"),
        ordinal: try row.getIfPresent("ordinal"), state: try row.name("state"),
        attempt: try row.get("attempt"), maxAttempts: try row.get("max_attempts"),
        interruptions: try row.get("interruptions"), epoch: try row.get("lease_epoch"),
        worker: try row.getIfPresent("worker"), startedAt: try row.getIfPresent("started_at"),
        finishedAt: try row.getIfPresent("finished_at"), failure: try row.failure(),
        progress: try row.progress(), result: try row.jsonIfPresent("result"))
    }
  }

  /// (Index artifacts_of_job.)
  fileprivate func artifacts(of job: JobID) throws -> [Artifact] {
    try execute(
      "SELECT path, sha256, bytes, lease_epoch, kind FROM artifacts WHERE job_id = $1 ORDER BY id", job
    ).map { row in
      Artifact(
        path: try row.get("path"), sha256: try row.get("sha256"), bytes: try row.get("bytes"),
        epoch: try row.get("lease_epoch"), kind: try row.get("kind"))
    }
  }
}
