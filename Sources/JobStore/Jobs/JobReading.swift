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
    let jobs = try await pool.run { session -> [JobRecord] in
      let ids: [JobID] = try session.execute(
        """
        SELECT id FROM jobs
        WHERE lab_id = $1 AND ($2::text IS NULL OR state = $2) AND ($3::bigint IS NULL OR id < $3)
          AND ($5::jsonb IS NULL OR (labels @> $5::jsonb AND labels <> '{}'))
        ORDER BY id DESC LIMIT $4
        """, lab, state?.rawValue, before, page.lookedFor, labels
      ).map { try $0.get("id") }
      return try session.jobs(ids, lab: lab)
    }
    let (elements, next) = page.cut(jobs, by: \.id)
    return JobList(jobs: elements, next: next)
  }

  public func job(_ id: JobID, lab: LabID) async throws -> JobRecord {
    try await pool.run { session in
      guard let job = try session.jobs([id], lab: lab).first else { throw StoreError.noJob(id) }
      return job
    }
  }

  /// A job with its tasks, files and learner steps.
  public func detail(_ id: JobID, lab: LabID) async throws -> JobDetail {
    try await pool.transaction { session in
      guard let job = try session.jobs([id], lab: lab).first else { throw StoreError.noJob(id) }
      return JobDetail(
        job: job, tasks: try session.tasks(of: id), artifacts: try session.artifacts(of: id),
        steps: job.spec.kind == .train ? try session.steps(of: id, after: 0) : [])
    }
  }
}

extension Session {
  /// Jobs with their task counts and the progress of the tasks that carry their work: the learner of a training
  /// job, the shards or groups of the others. (Primary key of jobs, index tasks_of_job.)
  func jobs(_ ids: [JobID], lab: LabID) throws -> [JobRecord] {
    guard !ids.isEmpty else { return [] }
    var counts = try taskCounts(of: ids)
    var progress = try jobProgress(of: ids)
    for (id, rest) in try restOfRanges(of: ids) {
      counts[id, default: TaskCounts()][rest.isShut ? .cancelled : .blocked] += rest.tasks
      guard let unit = rest.unit else { continue }
      let known = progress[id] ?? TaskProgress(done: 0, total: 0, unit: unit)
      progress[id] = known
      progress[id]?.total = known.total.map { $0 + Double(rest.items) }
    }
    return try execute(
      """
      SELECT j.id, l.name AS lab, u.name AS "user", j.spec, j.state, j.failure_class, j.failure_message,
        j.failure_detail, extract(epoch FROM j.created_at)::float8 AS created_at,
        extract(epoch FROM j.started_at)::float8 AS started_at,
        extract(epoch FROM j.finished_at)::float8 AS finished_at,
        CASE WHEN j.finished_at IS NULL THEN extract(epoch FROM coalesce(j.paused_at, l.paused_at))::float8 END
          AS paused_at
      FROM jobs j JOIN labs l ON l.id = j.lab_id JOIN users u ON u.id = j.user_id
      WHERE j.id = ANY($1::bigint[]) AND j.lab_id = $2 ORDER BY j.id DESC
      """, ids, lab
    ).map { row in
      let id: JobID = try row.get("id")
      return JobRecord(
        id: id, lab: try row.get("lab"), user: try row.get("user"), spec: try row.json("spec"),
        state: try row.name("state"), createdAt: try row.get("created_at"),
        startedAt: try row.getIfPresent("started_at"), finishedAt: try row.getIfPresent("finished_at"),
        pausedAt: try row.getIfPresent("paused_at"), failure: try row.failure(),
        tasks: counts[id] ?? TaskCounts(), progress: progress[id])
    }
  }

  private func taskCounts(of jobs: [JobID]) throws -> [JobID: TaskCounts] {
    let rows = try execute(
      """
      SELECT job_id, state, count(*) AS tasks FROM tasks WHERE job_id = ANY($1::bigint[])
      GROUP BY job_id, state
      """, jobs)
    var counts: [JobID: TaskCounts] = [:]
    for index in 0..<rows.count {
      let row = rows[index]
      counts[try row.get("job_id"), default: TaskCounts()][try row.name("state")] = try row.get("tasks")
    }
    return counts
  }

  /// (Primary keys of jobs and task_details, index tasks_of_job.)
  private func jobProgress(of jobs: [JobID]) throws -> [JobID: TaskProgress] {
    let rows = try execute(
      """
      SELECT wanted.job_id, sum(d.progress_done) AS done,
        CASE WHEN bool_and(d.progress_total IS NOT NULL) THEN sum(d.progress_total) END AS total,
        max(d.progress_unit) AS unit,
        (array_agg(d.progress_metrics::text ORDER BY d.progress_at DESC)
          FILTER (WHERE d.progress_at IS NOT NULL))[1] AS metrics,
        (array_agg(d.progress_message ORDER BY d.progress_at DESC)
          FILTER (WHERE d.progress_at IS NOT NULL))[1] AS message
      FROM unnest($1::bigint[]) AS wanted (job_id)
        CROSS JOIN LATERAL (SELECT kind FROM jobs WHERE id = wanted.job_id OFFSET 0) AS j
        CROSS JOIN LATERAL (SELECT id, kind FROM tasks WHERE job_id = wanted.job_id OFFSET 0) AS t
        CROSS JOIN LATERAL (SELECT * FROM task_details WHERE task_id = t.id OFFSET 0) AS d
      WHERE t.kind IN ('learn', 'shard') OR (t.kind = 'rollout-group' AND j.kind = 'rollout')
      GROUP BY wanted.job_id HAVING max(d.progress_unit) IS NOT NULL
      """, jobs)
    var progress: [JobID: TaskProgress] = [:]
    for index in 0..<rows.count {
      let row = rows[index]
      progress[try row.get("job_id")] = TaskProgress(
        done: try row.getIfPresent("done") ?? 0, total: try row.getIfPresent("total"),
        unit: try row.get("unit"), metrics: try row.jsonIfPresent("metrics") ?? [:],
        message: try row.getIfPresent("message") ?? "")
    }
    return progress
  }

  fileprivate func tasks(of job: JobID) throws -> [TaskRecord] {
    try execute(
      """
      SELECT t.id, t.kind, t.stage, t.ordinal, t.state, t.attempt, j.max_attempts, t.interruptions,
        t.lease_epoch, (SELECT name FROM worker_sessions WHERE id = t.session_id) AS worker, extract(epoch FROM t.claimed_at)::float8 AS started_at,
        extract(epoch FROM t.finished_at)::float8 AS finished_at, d.failure_class, d.failure_message,
        d.failure_detail, d.progress_done, d.progress_total, d.progress_unit, d.progress_message,
        d.progress_metrics,
        CASE WHEN t.state = 'succeeded' THEN coalesce(d.result, '{}') ELSE d.result END AS result
      FROM tasks t JOIN task_details d ON d.task_id = t.id JOIN jobs j ON j.id = t.job_id
      WHERE t.job_id = $1 ORDER BY t.stage, t.id
      """, job
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
