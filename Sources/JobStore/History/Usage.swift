public import JobModel
import PostgresClient

extension JobStore {
  /// What the jobs that ended in a month used. (Indices jobs_finished, tasks_of_job.)
  /// - Parameters:
  ///   - month: "2026-11"; in UTC.
  ///   - lab: nil reports every lab.
  public func usage(month: String, lab: LabID?) async throws -> UsageReport {
    let digits = month.utf8.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
    guard digits.count == 2, digits[0].count == 4, digits[1].count == 2,
      let year = Int(Substring(digits[0])), let number = Int(Substring(digits[1])), year >= 2000,
      (1...12).contains(number)
    else { throw StoreError.invalid("a month is written as 2026-11, found '\(month.prefix(40))'") }
    return try await pool.run { session in
      UsageReport(
        month: month,
        rows: try session.execute(
          """
          WITH bounds AS (
            SELECT ($1 || '-01')::timestamp AT TIME ZONE 'UTC' AS first,
              (($1 || '-01')::timestamp + interval '1 month') AT TIME ZONE 'UTC' AS after
          ), ended AS (
            SELECT j.id, j.lab_id, j.user_id, j.kind, j.state, work.tasks, work.seconds
            FROM bounds, jobs j CROSS JOIN LATERAL (
              SELECT count(*) AS tasks, sum(extract(epoch FROM t.finished_at - t.claimed_at))::float8 AS seconds
              FROM tasks t
              WHERE t.job_id = j.id AND t.claimed_at IS NOT NULL AND t.finished_at > t.claimed_at) AS work
            WHERE j.finished_at >= bounds.first AND j.finished_at < bounds.after
              AND ($2::bigint IS NULL OR j.lab_id = $2)
          )
          SELECT l.name AS lab, u.name AS user_name, ended.kind, count(*) AS jobs,
            count(*) FILTER (WHERE ended.state = 'succeeded') AS succeeded,
            count(*) FILTER (WHERE ended.state = 'failed') AS failed,
            count(*) FILTER (WHERE ended.state = 'cancelled') AS cancelled,
            sum(ended.tasks)::bigint AS tasks, coalesce(sum(ended.seconds), 0) AS seconds
          FROM ended JOIN labs l ON l.id = ended.lab_id JOIN users u ON u.id = ended.user_id
          GROUP BY l.name, u.name, ended.kind ORDER BY l.name, u.name, ended.kind
          """, month, lab
        ).map { row in
          UsageReport.Row(
            lab: try row.get("lab"), user: try row.get("user_name"), kind: try row.name("kind"),
            jobs: try row.get("jobs"), succeeded: try row.get("succeeded"), failed: try row.get("failed"),
            cancelled: try row.get("cancelled"), tasks: try row.get("tasks"),
            taskSeconds: try row.get("seconds"))
        })
    }
  }
}
