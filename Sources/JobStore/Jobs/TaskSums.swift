import JobModel
import PostgresClient
import Synchronization

/// What a job's tasks come to.
struct TaskSums: Sendable {
  var counts = TaskCounts()
  /// Of those that carry the job's work; nil where none counts anything.
  var progress: TaskProgress?
}

/// The sums of jobs that have ended, which stay as they are until the job's row changes. A list of jobs would go through
/// all tasks of all of them otherwise, each time it is looked at.
final class KnownSums: Sendable {
  struct Version: Hashable, Sendable {
    let job: JobID
    /// Changes with every change of the row.
    let row: String
    let isFinal: Bool
  }

  private static let most = 4_096
  private let sums = Mutex<[Version: TaskSums]>([:])

  subscript(version: Version) -> TaskSums? { sums.withLock { $0[version] } }

  func add(_ new: TaskSums, of version: Version) {
    sums.withLock { sums in
      if sums.count >= Self.most { sums = [:] }
      sums[version] = new
    }
  }
}

extension Session {
  /// The sums of jobs in the states they were found in.
  func sums(of versions: [KnownSums.Version], _ known: KnownSums) throws -> [JobID: TaskSums] {
    var sums: [JobID: TaskSums] = [:]
    for version in versions where version.isFinal { sums[version.job] = known[version] }
    let unknown = versions.filter { sums[$0.job] == nil }
    guard !unknown.isEmpty else { return sums }
    var found = try taskSums(of: unknown.map(\.job))
    for (id, rest) in try restOfRanges(of: unknown.map(\.job)) {
      found[id, default: TaskSums()].counts[rest.isShut ? .cancelled : .blocked] += rest.tasks
      guard let unit = rest.unit else { continue }
      var progress = found[id]?.progress ?? TaskProgress(done: 0, total: 0, unit: unit)
      progress.total = progress.total.map { $0 + Double(rest.items) }
      found[id]?.progress = progress
    }
    for version in unknown {
      let new = found[version.job] ?? TaskSums()
      sums[version.job] = new
      if version.isFinal { known.add(new, of: version) }
    }
    return sums
  }

  /// How many tasks of jobs are in which state, and the progress of those that carry their work, from one walk through
  /// their details. (Primary keys of jobs, task_details and tasks.)
  private func taskSums(of jobs: [JobID]) throws -> [JobID: TaskSums] {
    let rows = try execute(
      """
      SELECT wanted.job_id, t.state, w.carries, count(*) AS tasks, sum(d.progress_done) AS done,
        CASE WHEN bool_and(d.progress_total IS NOT NULL) THEN sum(d.progress_total) END AS total,
        max(d.progress_unit) AS unit, extract(epoch FROM max(d.progress_at))::float8 AS at,
        (array_agg(d.progress_metrics::text ORDER BY d.progress_at DESC)
          FILTER (WHERE d.progress_at IS NOT NULL))[1] AS metrics,
        (array_agg(d.progress_message ORDER BY d.progress_at DESC)
          FILTER (WHERE d.progress_at IS NOT NULL))[1] AS message
      FROM unnest($1::bigint[]) AS wanted (job_id)
        CROSS JOIN LATERAL (SELECT kind FROM jobs WHERE id = wanted.job_id OFFSET 0) AS j
        CROSS JOIN LATERAL (SELECT * FROM task_details WHERE job_id = wanted.job_id OFFSET 0) AS d
        CROSS JOIN LATERAL (SELECT kind, state FROM tasks WHERE id = d.task_id OFFSET 0) AS t
        CROSS JOIN LATERAL (SELECT t.kind IN ('learn', 'shard') OR (t.kind = 'rollout-group' AND j.kind = 'rollout')
          AS carries) AS w
      GROUP BY wanted.job_id, t.state, w.carries
      """, jobs)
    var sums: [JobID: TaskSums] = [:]
    var parts: [JobID: [TaskProgress.Part]] = [:]
    for index in 0..<rows.count {
      let row = rows[index]
      let job: JobID = try row.get("job_id")
      sums[job, default: TaskSums()].counts[try row.name("state")] += try row.get("tasks", as: Int.self)
      guard try row.get("carries") else { continue }
      parts[job, default: []].append(
        TaskProgress.Part(
          at: try row.getIfPresent("at"),
          progress: TaskProgress(
            done: try row.getIfPresent("done") ?? 0, total: try row.getIfPresent("total"),
            unit: try row.getIfPresent("unit") ?? "", metrics: try row.jsonIfPresent("metrics") ?? [:],
            message: try row.getIfPresent("message") ?? "")))
    }
    for (job, parts) in parts { sums[job]?.progress = TaskProgress(of: parts) }
    return sums
  }
}

extension TaskProgress {
  /// Some of a job's tasks together.
  fileprivate struct Part {
    /// When one of them last told of its progress.
    let at: Double?
    /// What it told last, and the sums.
    let progress: TaskProgress
  }

  /// nil where none counts anything. What is to be done is known where all parts know it.
  fileprivate init?(of parts: [Part]) {
    guard let unit = parts.map(\.progress.unit).max(), !unit.isEmpty else { return nil }
    let last = parts.filter { $0.at != nil }.max { ($0.at ?? 0) < ($1.at ?? 0) }?.progress
    let totals = parts.compactMap(\.progress.total)
    self.init(
      done: parts.reduce(0) { $0 + $1.progress.done },
      total: totals.count == parts.count ? totals.reduce(0, +) : nil, unit: unit,
      metrics: last?.metrics ?? [:], message: last?.message ?? "")
  }
}
