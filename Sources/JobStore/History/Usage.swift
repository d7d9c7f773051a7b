public import JobModel
import PostgresClient

extension JobStore {
  /// What was used in a month, and the jobs that ended in it. (Primary key of usage_ledger, index jobs_finished.)
  ///
  /// Every attempt counts, at its end and to whoever submitted its job: those that failed, were interrupted or gave way
  /// too. What still runs is not in it yet.
  /// - Parameters:
  ///   - month: "2026-11"; in UTC.
  ///   - lab: nil reports every lab.
  public func usage(month: String, lab: LabID?) async throws -> UsageReport {
    let digits = month.utf8.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
    guard digits.count == 2, digits[0].count == 4, digits[1].count == 2,
      let year = Int(Substring(digits[0])), let number = Int(Substring(digits[1]))
    else { throw StoreError.invalid("a month is written as 2026-11, found '\(month.prefix(40))'") }
    guard year >= 2000, (1...12).contains(number) else {
      throw StoreError.invalid("a month from 2000-01 on has a number from 01 to 12, found '\(month)'")
    }
    return try await pool.run { session in
      UsageReport(month: month, rows: try session.usage(month: month, lab: lab))
    }
  }
}

extension Session {
  fileprivate func usage(month: String, lab: LabID?) throws -> [UsageReport.Row] {
    try execute(
      """
      WITH bounds AS (
        SELECT ($1 || '-01')::date AS first, (($1 || '-01')::date + interval '1 month')::date AS after
      ), ended AS (
        SELECT j.lab_id, j.user_id, j.kind, count(*) AS jobs,
          count(*) FILTER (WHERE j.state = 'succeeded') AS succeeded,
          count(*) FILTER (WHERE j.state = 'failed') AS failed,
          count(*) FILTER (WHERE j.state = 'cancelled') AS cancelled
        FROM bounds, jobs j
        WHERE j.finished_at >= bounds.first::timestamp AT TIME ZONE 'UTC'
          AND j.finished_at < bounds.after::timestamp AT TIME ZONE 'UTC' AND ($2::bigint IS NULL OR j.lab_id = $2)
        GROUP BY j.lab_id, j.user_id, j.kind
      ), used AS (
        SELECT u.lab_id, u.user_id, u.kind, sum(u.attempts)::bigint AS attempts,
          coalesce(sum(u.unit_seconds) FILTER (WHERE u.device = 'cpu'), 0) AS cpu,
          coalesce(sum(u.unit_seconds) FILTER (WHERE u.device = 'cuda'), 0) AS gpu
        FROM bounds, usage_ledger u
        WHERE u.day >= bounds.first AND u.day < bounds.after AND ($2::bigint IS NULL OR u.lab_id = $2)
        GROUP BY u.lab_id, u.user_id, u.kind
      )
      SELECT l.name AS lab, p.name AS user_name, nullif(kind, '') AS kind, coalesce(jobs, 0) AS jobs,
        coalesce(succeeded, 0) AS succeeded, coalesce(failed, 0) AS failed, coalesce(cancelled, 0) AS cancelled,
        coalesce(attempts, 0) AS attempts, coalesce(cpu, 0)::float8 AS cpu, coalesce(gpu, 0)::float8 AS gpu
      FROM ended FULL JOIN used USING (lab_id, user_id, kind)
        JOIN labs l ON l.id = lab_id JOIN users p ON p.id = user_id
      ORDER BY l.name, p.name, kind
      """, month, lab
    ).map { row in
      UsageReport.Row(
        lab: try row.get("lab"), user: try row.get("user_name"),
        kind: try row.getIfPresent("kind", as: String.self).flatMap(JobKind.init(rawValue:)),
        jobs: try row.get("jobs"), succeeded: try row.get("succeeded"), failed: try row.get("failed"),
        cancelled: try row.get("cancelled"), attempts: try row.get("attempts"),
        cpuSeconds: try row.get("cpu"), gpuSeconds: try row.get("gpu"))
    }
  }
}
